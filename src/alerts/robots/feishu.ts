import { createHmac } from 'node:crypto'
import type { AlertConfig } from '../../config/config.ts'
import { minuteMs } from '../../text/time-units.ts'
import { jsonPost, judgeByCode, type Robot } from './robot.ts'

/** A group robot of Feishu, or of Lark. */
export function feishuRobot({ url, secret }: Pick<AlertConfig, 'url' | 'secret'>): Robot {
  return {
    limits: [
      { count: 100, perMs: minuteMs },
      { count: 5, perMs: 1000 },
    ],
    // It takes bodies of 20,000; more than this nobody reads in a chat.
    bytesMax: 4096,
    request: ({ text }, at) =>
      jsonPost(url, {
        ...(secret !== null && signatureOf(secret, at)),
        ...{ msg_type: 'text', content: { text } },
      }),
    judge: (answer) =>
      judgeByCode(answer, {
        // Older robots answer with capitals alone.
        ...{ codes: ['code', 'StatusCode'], messages: ['msg', 'StatusMessage'] },
        // It is busy on full and half hours, for seconds.
        limited: { '11232': minuteMs },
      }),
  }
}

function signatureOf(secret: string, at: Date): { timestamp: string; sign: string } {
  const seconds = Math.floor(+at / 1000)
  return { timestamp: String(seconds), sign: feishuSign(secret, seconds) }
}

/** What others take for the message is the key here, and the message is empty. */
export function feishuSign(secret: string, seconds: number): string {
  return createHmac('sha256', `${seconds}\n${secret}`).digest('base64')
}
