import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Stand-ins for the group robots, which keep the rules of the real ones: they answer 200 to everything, and
 * say by a code whether they took it. One server has all of them, as the hosts of the real ones differ.
 */
export interface Robots {
  readonly urls: Readonly<Record<'wecom' | 'dingtalk' | 'feishu' | 'webhook' | 'heartbeat', string>>
  /** Texts that were taken. */
  texts(kind: keyof Robots['urls']): readonly string[]
  /** All requests, with what was answered. */
  readonly requests: readonly Received[]
  /** What happens to every request from now on. Null: it is answered. */
  breakdown: 'cut' | 'page' | 'hang' | null
  close(): Promise<void>
}

export interface Received {
  readonly kind: keyof Robots['urls']
  readonly at: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly answer: string
}

export const keys = {
  wecom: '693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa',
  dingtalk: '566cc69da782ec33e42f0a3b1e7ddad1c8a0c2f7',
  dingtalkSecret: 'SEC01a2b3c4d5e6f708192a3b4c5d6e7f80',
  feishu: '0a7f4b1e-8ed5-4a4c-a1c5-8b3c7d2e9f10',
  feishuSecret: 'vB3kQ9Zt5pW1',
  webhookSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
}

const minute = 60_000

export async function openRobots(now: () => number = Date.now): Promise<Robots> {
  const requests: Received[] = []
  const robots = { wecom: wecom(), dingtalk: dingtalk(), feishu: feishu() }
  const state: { breakdown: Robots['breakdown'] } = { breakdown: null }
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://robots')
    const body = await bodyOf(request)
    if (state.breakdown !== null) return breakDown(state.breakdown, request, response)
    const kind = kindAt(url.pathname)
    const given = { url, body, at: now() }
    const answer =
      kind === 'webhook' || kind === 'heartbeat' ? '' : JSON.stringify(robots[kind](given))
    requests.push({ kind, at: now(), headers: request.headers, body, answer })
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    urls: {
      wecom: `${origin}/cgi-bin/webhook/send?key=${keys.wecom}`,
      dingtalk: `${origin}/robot/send?access_token=${keys.dingtalk}`,
      feishu: `${origin}/open-apis/bot/v2/hook/${keys.feishu}`,
      webhook: `${origin}/hooks/oncall-7f3a9c21d4`,
      heartbeat: `${origin}/ping/3b1d7e52-40aa`,
    },
    requests,
    texts: (kind) =>
      requests
        .filter((each) => each.kind === kind && isTaken(each))
        .map(({ body }) => textIn(body)),
    get breakdown() {
      return state.breakdown
    },
    set breakdown(breakdown) {
      state.breakdown = breakdown
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Given {
  readonly url: URL
  readonly body: string
  readonly at: number
}

type Code = { readonly errcode: number; readonly errmsg: string }

function wecom() {
  const limit = window(20, minute)
  return ({ url, body, at }: Given): Code => {
    if (url.searchParams.get('key') !== keys.wecom) return code(93000, 'invalid webhook url')
    const content = JSON.parse(body).text?.content
    if (typeof content !== 'string') return code(40008, 'invalid message type')
    if (Buffer.byteLength(content) > 2048) return code(40058, 'text.content exceed max length 2048')
    return limit(at) ? code(0, 'ok') : code(45009, 'api freq out of limit')
  }
}

function dingtalk() {
  const limit = window(20, minute)
  let silentUntil = 0
  return ({ url, body, at }: Given): Code => {
    if (url.searchParams.get('access_token') !== keys.dingtalk) {
      return code(300001, 'token is not exist')
    }
    const timestamp = url.searchParams.get('timestamp') ?? ''
    const wanted = createHmac('sha256', keys.dingtalkSecret)
      .update(`${timestamp}\n${keys.dingtalkSecret}`)
      .digest('base64')
    const isFresh = Math.abs(Number(timestamp) - at) <= 3_600_000
    if (!isFresh || url.searchParams.get('sign') !== wanted) return code(310000, 'sign not match')
    const { content } = JSON.parse(body).text
    if (!content.includes('budan')) return code(310000, 'keywords not in content')
    if (at < silentUntil) return code(130101, 'send too fast')
    if (limit(at)) return code(0, 'ok')
    silentUntil = at + 10 * minute
    return code(130101, 'send too fast')
  }
}

function feishu() {
  const limits = [window(100, minute), window(5, 1000)]
  return ({ url, body, at }: Given): object => {
    if (!url.pathname.endsWith(keys.feishu)) return { code: 19001, msg: 'param invalid' }
    if (Buffer.byteLength(body) > 20_000) return { code: 9499, msg: 'Bad Request' }
    const { timestamp, sign, content } = JSON.parse(body)
    const isFresh = Math.abs(Number(timestamp) * 1000 - at) <= 3_600_000
    const wanted = createHmac('sha256', `${timestamp}\n${keys.feishuSecret}`).digest('base64')
    if (typeof timestamp !== 'string' || !isFresh || sign !== wanted) {
      return { code: 19021, msg: 'sign match fail or timestamp is not within one hour' }
    }
    if (typeof content?.text !== 'string') return { code: 9499, msg: 'Bad Request' }
    return limits.every((limit) => limit(at))
      ? { StatusCode: 0, StatusMessage: 'success', code: 0, msg: 'success', data: {} }
      : { code: 11232, msg: 'frequency limited' }
  }
}

/** Whether one more is within the limit. */
function window(count: number, perMs: number): (at: number) => boolean {
  let taken: readonly number[] = []
  return (at) => {
    taken = taken.filter((each) => each > at - perMs)
    if (taken.length >= count) return false
    taken = [...taken, at]
    return true
  }
}

function code(errcode: number, errmsg: string): Code {
  return { errcode, errmsg }
}

function kindAt(path: string): keyof Robots['urls'] {
  if (path.startsWith('/cgi-bin/')) return 'wecom'
  if (path.startsWith('/robot/')) return 'dingtalk'
  if (path.startsWith('/open-apis/')) return 'feishu'
  return path.startsWith('/ping/') ? 'heartbeat' : 'webhook'
}

function isTaken({ answer }: Received): boolean {
  if (answer === '') return true
  const { errcode, code: feishuCode } = JSON.parse(answer)
  return (errcode ?? feishuCode) === 0
}

function textIn(body: string): string {
  const { text, content } = body === '' ? { text: '', content: undefined } : JSON.parse(body)
  return text?.content ?? content?.text ?? text
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

function breakDown(
  breakdown: NonNullable<Robots['breakdown']>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (breakdown === 'cut') request.socket.destroy()
  if (breakdown === 'page') response.writeHead(200).end('<html>Please log in</html>')
}
