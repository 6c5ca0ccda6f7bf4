import { createHmac } from 'node:crypto'
import type { AlertConfig } from '../../config/config.ts'
import { minuteMs } from '../../text/time-units.ts'
import { jsonPost, judgeByCode, type Robot } from './robot.ts'

/** A group robot of DingTalk. Who sends it too many is not read for 10 minutes. */
export function dingtalkRobot({ url, secret }: Pick<AlertConfig, 'url' | 'secret'>): Robot {
  return {
    limits: [{ count: 20, perMs: minuteMs }],
    // It takes some 20,000; more than this nobody reads in a chat.
    bytesMax: 4096,
    request: ({ text }, at) =>
      jsonPost(secret === null ? url : signed(url, { secret, at }), {
        ...{ msgtype: 'text', text: { content: text } },
        at: { isAtAll: false },
      }),
    judge: (answer) =>
      judgeByCode(answer, {
        ...{ codes: ['errcode'], messages: ['errmsg'] },
        limited: { '130101': 10 * minuteMs },
      }),
  }
}

function signed(url: string, { secret, at }: { secret: string; at: Date }): string {
  const address = new URL(url)
  address.searchParams.set('timestamp', String(+at))
  address.searchParams.set('sign', dingtalkSign(secret, at))
  return address.href
}

/** The secret is the key, and part of the message too. */
export function dingtalkSign(secret: string, at: Date): string {
  return createHmac('sha256', secret).update(`${+at}\n${secret}`).digest('base64')
}
