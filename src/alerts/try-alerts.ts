import type { AlertConfig } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import { nodeName } from './alerts.ts'
import { testMessage } from './message.ts'
import { heartbeatRequest } from './robots/heartbeat.ts'
import { robotOf } from './robots/open-robot.ts'
import { post } from './robots/post.ts'

/** What became of a test message; `answer`: what was answered, or why nothing was. */
export interface Tried extends Pick<AlertConfig, 'name' | 'kind'> {
  readonly taken: boolean
  readonly answer: string
}

/** Sends a test message to each, and calls each heartbeat. Never throws. */
export function tryAlerts(configs: readonly AlertConfig[], clock: Clock): Promise<Tried[]> {
  return Promise.all(
    configs.map(async (config) => {
      const { name, kind } = config
      try {
        return { name, kind, ...(await tryOne(config, clock())) }
      } catch (error) {
        return {
          name,
          kind,
          taken: false,
          answer: error instanceof Error ? error.message : 'failed',
        }
      }
    }),
  )
}

async function tryOne(config: AlertConfig, at: Date): Promise<Pick<Tried, 'taken' | 'answer'>> {
  const robot = robotOf(config)
  const signal = new AbortController().signal
  if (robot === null) {
    const { status } = await post(heartbeatRequest(config.url), signal)
    return { taken: status >= 200 && status < 300, answer: `HTTP ${status}` }
  }
  const writing = { node: nodeName(), locale: config.language, bytesMax: robot.bytesMax }
  const answer = await post(robot.request(testMessage(at, writing), at), signal)
  const verdict = robot.judge(answer)
  return verdict.kind === 'taken'
    ? { taken: true, answer: `HTTP ${answer.status}` }
    : { taken: false, answer: verdict.reason }
}
