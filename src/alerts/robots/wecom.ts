import type { AlertConfig } from '../../config/config.ts'
import { minuteMs } from '../../text/time-units.ts'
import { jsonPost, judgeByCode, type Robot } from './robot.ts'

/**
 * A group robot of WeCom. It takes texts, and not markdown, which people who read the group in WeChat do
 * not see.
 */
export function wecomRobot({ url }: Pick<AlertConfig, 'url'>): Robot {
  return {
    limits: [{ count: 20, perMs: minuteMs }],
    bytesMax: 2048,
    request: ({ text }) => jsonPost(url, { msgtype: 'text', text: { content: text } }),
    judge: (answer) =>
      judgeByCode(answer, {
        ...{ codes: ['errcode'], messages: ['errmsg'] },
        limited: { '45009': minuteMs },
      }),
  }
}
