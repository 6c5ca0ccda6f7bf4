import { constants, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { type Reply, refusal } from './reply.ts'
import type { Wire } from './wire.ts'

const scheme = 'WECHATPAY2-SHA256-RSA2048'
/** Documented: five minutes. */
const ageSecondsMax = 300

export interface Authority {
  readonly mchid: string
  readonly merchantSerialNo: string
  readonly merchantPublicKey: KeyObject
  /** Milliseconds since 1970. */
  readonly now: number
}

const claimsSchema = z.strictObject({
  mchid: z.string(),
  serial_no: z.string(),
  nonce_str: z.string(),
  timestamp: z.string().regex(/^\d{1,12}$/),
  signature: z.string(),
})

type Claims = z.output<typeof claimsSchema>

/**
 * Authenticates a request. The checks are in WeChat Pay's order: headers, form of the authorization,
 * age, serial number, signature. Null: authentic. Only the certificates endpoint requires a User-Agent.
 */
export function authenticationError(wire: Wire, authority: Authority): Reply | null {
  const family = wire.path === '/v3/certificates' ? 'certificates' : 'pay'
  if (family === 'certificates' && !(wire.headers['user-agent'] && wire.headers.accept)) {
    return refusal({
      status: 400,
      code: 'INVALID_REQUEST',
      message: 'Http头缺少Accept或User-Agent',
    })
  }
  const message = signatureError(wire, authority, family)
  if (message === null) return null
  const reply = refusal({ status: 401, code: 'SIGN_ERROR', message })
  return family === 'pay' ? { ...reply, number: null } : reply
}

function signatureError(wire: Wire, authority: Authority, family: string): string | null {
  const claims = claimsOf(wire.headers.authorization)
  if (!claims) {
    return family === 'pay'
      ? '签名信息错误，验签失败'
      : 'Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》'
  }
  const ageSeconds = Math.abs(authority.now / 1000 - Number(claims.timestamp))
  if (!(ageSeconds <= ageSecondsMax))
    return 'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟'
  if (claims.mchid !== authority.mchid || claims.serial_no !== authority.merchantSerialNo) {
    return '商户证书序列号有误，请使用签名私钥匹配的证书序列号'
  }
  return isSigned(wire, claims, authority.merchantPublicKey) ? null : '签名错误，请检查后再试'
}

/** Parses all five claims: each once, in any order, without blanks. Null: anything else. */
function claimsOf(header: string | undefined): Claims | null {
  if (!header?.startsWith(`${scheme} `)) return null
  const claims = new Map<string, string>()
  for (const part of header.slice(scheme.length + 1).split(',')) {
    const found = /^([a-z_]+)="([^"]+)"$/.exec(part)
    if (!found?.[1] || !found[2] || claims.has(found[1])) return null
    claims.set(found[1], found[2])
  }
  return claimsSchema.safeParse(Object.fromEntries(claims)).data ?? null
}

function isSigned(wire: Wire, claims: Claims, key: KeyObject): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(claims.signature)) return false
  const head = `${wire.method}\n${wire.target}\n${claims.timestamp}\n${claims.nonce_str}\n`
  const message = Buffer.concat([Buffer.from(head), wire.body, Buffer.from('\n')])
  const signature = Buffer.from(claims.signature, 'base64')
  return verify('sha256', message, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
}
