import type { AlertConfig } from '../../config/config.ts'
import { dingtalkRobot } from './dingtalk.ts'
import { feishuRobot } from './feishu.ts'
import type { Robot } from './robot.ts'
import { webhookRobot } from './webhook.ts'
import { wecomRobot } from './wecom.ts'

/** Null: a heartbeat, which gets no messages. */
export function robotOf(config: AlertConfig): Robot | null {
  switch (config.kind) {
    case 'wecom':
      return wecomRobot(config)
    case 'dingtalk':
      return dingtalkRobot(config)
    case 'feishu':
      return feishuRobot(config)
    case 'webhook':
      return webhookRobot(config)
    case 'heartbeat':
      return null
  }
}
