import type { UnknownAnswer } from '../../../src/domain/trade.ts'
import type { Gateway } from '../../../src/gateway/gateway.ts'
import { unknownAnswer } from '../../../src/gateway/unknown.ts'
import { answerOf, closingOf, prepayOf } from '../../../src/gateway/wechat/answer.ts'
import { wechatFacts } from '../../../src/gateway/wechat/facts.ts'
import type { Loop, Owner } from '../clock/loop.ts'
import type { FaultSchedule } from '../plan/fault-schedule.ts'
import { openNotification } from './notification.ts'
import type { SentReply } from './reply.ts'
import type { GatewayServer } from './server.ts'

export interface WireParts {
  readonly loop: Loop
  /** Of this gateway. */
  readonly faults: FaultSchedule
  readonly server: GatewayServer
  /** The process has the right key of the merchant. */
  readonly isSigned: boolean
  /** The first is the configured default. */
  readonly appids: readonly [string, ...string[]]
  readonly owner: Owner
  readonly timeoutMs: number
}

/**
 * The gateway client of one process, connected to the model of the gateway. The production parser reads
 * the replies. Only the verification of signatures is modelled, because RSA is slow and has its own
 * tests.
 */
export function modelGateway(parts: WireParts): Gateway {
  const { server, appids, isSigned } = parts
  const { mchid, keyId } = server.merchant
  return {
    ...wechatFacts,
    ...{ mchid, appid: appids[0], appids },
    query: (orderNo) =>
      exchange(parts, {
        label: `query ${orderNo}`,
        arrive: () => server.query(orderNo, { isSigned }),
        read: (response) => answerOf({ ...response, attempt: `query order "${orderNo}"` }),
      }),
    close: (orderNo) =>
      exchange(parts, {
        label: `close ${orderNo}`,
        arrive: () => server.close(orderNo, { isSigned }),
        read: (response) => closingOf({ ...response, attempt: `close order "${orderNo}"` }),
      }),
    prepay: (order) =>
      exchange(parts, {
        label: `prepay ${order.orderNo}`,
        arrive: () => server.prepay(order, { isSigned }),
        read: (response) => prepayOf({ ...response, attempt: `place order "${order.orderNo}"` }),
      }),
    openCallback: async (callback) => openNotification(callback, { mchid, keyId }),
    probe: () => Promise.reject(new Error('not modelled: no stage calls probe()')),
    stop: async () => {},
  }
}

interface Exchange<T> {
  readonly label: string
  /** Null: the gateway sends no reply. */
  readonly arrive: () => SentReply | null
  readonly read: (response: SentReply) => T
}

/** The request, the gateway's work, and the reply. Each way can be lost, and the call has a deadline. */
function exchange<T>(
  { loop, faults, owner, timeoutMs }: WireParts,
  { label, arrive, read }: Exchange<T>,
): Promise<T | UnknownAnswer> {
  return new Promise((resolve) => {
    const silence = (cause: 'timeout' | 'network', message: string) =>
      resolve(unknownAnswer(cause, message))
    const deadline = loop.after(timeoutMs * owner.timerRate, {
      owner,
      label: 'gateway deadline',
      fire: () => silence('timeout', 'no answer in time'),
    })
    const back = (sent: SentReply) => {
      const late = faults.occurs('answerLate') ? timeoutMs : 0
      loop.after(faults.latencyMs() + late, {
        owner,
        label: `${label} answered ${sent.reply.status}`,
        fire: () => {
          deadline.cancelled = true
          resolve(read(sent))
        },
      })
    }
    const there = () => {
      if (!owner.alive && !faults.arrivesAfterDeath()) return
      if (faults.isActive('gateway_silent') || faults.occurs('queryLost')) return
      const sent = arrive()
      if (sent !== null && !faults.occurs('answerLost')) back(sent)
    }
    loop.after(faults.latencyMs(), { owner: null, label: `${owner.name}: ${label}`, fire: there })
  })
}
