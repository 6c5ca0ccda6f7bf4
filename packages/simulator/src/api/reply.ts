import type { Json, JsonObject } from '../merge.ts'

/** An answer of WeChat Pay, before it is signed. */
export interface Reply {
  readonly status: number
  /** Empty: no body at all. */
  readonly body: string
  readonly contentType: string
  /** Of an error. */
  readonly code: string | null
  /** `business`: as the switch `sign_business_errors` says. */
  readonly signed: boolean | 'business'
  /** The number at the end of `Request-ID`; null: the answer has no Request-ID. */
  readonly number: number | null
  readonly retryAfter?: number
}

const json = 'application/json; charset=utf-8'
const empty = { body: '', contentType: json, code: null, signed: true, number: 0 } as const

export function success(body: JsonObject): Reply {
  return { ...empty, status: 200, body: JSON.stringify(body) }
}

export function noContent(): Reply {
  return { ...empty, status: 204 }
}

/** Unknown paths and wrong methods: no body, no signature. */
export function bare(status: number): Reply {
  return { ...empty, status, signed: false, number: null }
}

/** `detail` of a parameter error. */
export interface Detail {
  readonly field?: string
  readonly value?: Json
  readonly issue?: string
  readonly location?: 'body' | 'url' | 'query' | 'uri_template'
}

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message?: string
  readonly detail?: Detail
}

/** An error in WeChat Pay's words. 401, 429 and 5xx are not signed. */
export function refusal({ status, code, message, detail }: Refusal): Reply {
  const body = { code, message: message ?? messages[code] ?? code, ...(detail ? { detail } : {}) }
  const business = status >= 400 && status < 500 && status !== 401 && status !== 429
  return {
    status,
    body: JSON.stringify(body),
    contentType: json,
    code,
    signed: status < 400 ? true : business ? 'business' : false,
    number: numbers[code] ?? numbers.SYSTEM_ERROR ?? null,
  }
}

export function parameterError(message: string, detail: Detail): Reply {
  return refusal({ status: 400, code: 'PARAM_ERROR', message, detail })
}

/** The code of a status, for a fault that names none. */
export function usualCode(status: number): string {
  return usualCodes[status] ?? (status >= 500 ? 'SYSTEM_ERROR' : 'INVALID_REQUEST')
}

const usualCodes: Readonly<Record<number, string>> = {
  200: 'SYSTEM_ERROR', // observed in production: an error body with a success status
  202: 'USER_PAYING',
  400: 'PARAM_ERROR',
  401: 'SIGN_ERROR',
  403: 'NO_AUTH',
  404: 'ORDER_NOT_EXIST',
  429: 'FREQUENCY_LIMITED',
  500: 'SYSTEM_ERROR',
  502: 'SERVICE_UNAVAILABLE',
  503: 'SERVICE_UNAVAILABLE',
}

const messages: Readonly<Record<string, string>> = {
  APPID_MCHID_NOT_MATCH: '商户号和AppID没有绑定关系',
  FREQUENCY_LIMITED: '频率超限，请稍后重试',
  INVALID_REQUEST: '无效请求',
  NO_AUTH: '商户无此接口权限',
  ORDER_CLOSED: '订单已关闭',
  ORDER_NOT_EXIST: '订单不存在',
  ORDER_PAID: '订单已支付',
  OUT_TRADE_NO_USED: '商户订单号重复',
  PARAM_ERROR: '参数错误',
  RESOURCE_NOT_EXISTS: '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥',
  SERVICE_UNAVAILABLE: '服务不可用，请稍后重试',
  SIGN_ERROR: '签名错误',
  SYSTEM_ERROR: '系统异常，请稍后重试',
  TRADE_ERROR: '交易错误',
  USER_PAYING: '用户支付中，需要输入密码',
}

/** WeChat Pay's internal numbers of errors, as they end a Request-ID. */
const numbers: Readonly<Record<string, number>> = {
  APPID_MCHID_NOT_MATCH: 268_445_527,
  FREQUENCY_LIMITED: 268_447_840,
  ORDER_CLOSED: 268_447_914,
  ORDER_NOT_EXIST: 268_512_771,
  ORDER_PAID: 268_449_538,
  OUT_TRADE_NO_USED: 268_498_688,
  PARAM_ERROR: 268_435_461,
  SIGN_ERROR: 268_443_699,
  SYSTEM_ERROR: 268_443_715,
}

export const htmlPage = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n'
