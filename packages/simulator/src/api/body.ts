import type { z } from 'zod'
import type { Json } from '../merge.ts'
import { type Detail, parameterError, type Reply } from './reply.ts'
import type { Wire } from './wire.ts'

/** Parses the body by its schema. The reply is a parameter error about the first wrong field. */
export function readJson<T extends z.ZodType>(
  wire: Wire,
  schema: T,
): { ok: true; value: z.output<T> } | { ok: false; reply: Reply } {
  const type = wire.headers['content-type'] ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    return bad('Http头Content-Type须为application/json', { value: type, location: 'body' })
  }
  const json = parsed(wire.body)
  if (json === undefined) return bad('请求体不是合法的JSON', { location: 'body' })
  const read = schema.safeParse(json)
  if (read.success) return { ok: true, value: read.data }
  const issue = read.error.issues[0]
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = [...(issue?.path ?? []), ...unknown].map((name) => `/${String(name)}`).join('')
  return bad(unknown.length ? `请求体含未定义的字段 ${field}` : `输入源"${field}"的值不合规则`, {
    field,
    issue: issue?.message ?? '',
    location: 'body',
  })
}

function bad(message: string, detail: Detail): { ok: false; reply: Reply } {
  return { ok: false, reply: parameterError(message, detail) }
}

function parsed(body: Buffer): Json | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}

/** The error of a request whose mchid is not that of its signature. */
export function mchidMismatch(value: string, location: 'body' | 'query'): Reply {
  return parameterError('商户号与签名所用的商户号不一致', {
    field: '/mchid',
    value,
    issue: '与Authorization中的mchid不一致',
    location,
  })
}
