import type { Loop } from '../clock/loop.ts'
import type { Random } from '../clock/random.ts'
import type { FaultSchedule } from '../plan/fault-schedule.ts'
import type { GatewayOrder } from './gateway-order.ts'
import type { Notifier } from './notifier.ts'
import type { GatewayServer } from './server.ts'

export interface TradeEventsParts {
  readonly loop: Loop
  readonly random: Random
  /** Of the gateway. */
  readonly faults: FaultSchedule
  readonly gateway: GatewayServer
  readonly notifier: Notifier
}

const minuteMs = 60_000

/** Schedules what the payer and the gateway do with the trade. */
export function scheduleTrade(parts: TradeEventsParts, gatewayOrder: GatewayOrder): void {
  const { loop, random, gateway, notifier, faults } = parts
  const schedule = (ms: number, label: string, fire: () => void) =>
    loop.after(ms, { owner: null, label, fire })
  const { kind, payAfterMs } = gatewayOrder.plan
  const at = (ms: number, label: string, happen: () => void) =>
    schedule(ms, label, () => {
      // No trade changes after the faults have stopped, so that the checks have a fixed target.
      if (!faults.stopped) happen()
    })
  const pay = () => gateway.pay(gatewayOrder)
  const turn = (state: 'USERPAYING' | 'PAYERROR' | 'CLOSED' | 'REVOKED') => () =>
    gateway.changeState(gatewayOrder, state)
  switch (kind) {
    case 'unpaid':
    case 'absent':
    case 'paid_before_close':
      break
    case 'paid_slowly':
      at(payAfterMs * 0.3, 'paying', turn('USERPAYING'))
      at(payAfterMs + random.skewed(0, 10 * minuteMs), 'paid', pay)
      break
    case 'pay_failed':
      at(payAfterMs * 0.5, 'paying', turn('USERPAYING'))
      at(payAfterMs, 'failed', turn('PAYERROR'))
      break
    case 'closed_there':
      at(payAfterMs, 'closed', turn('CLOSED'))
      break
    case 'revoked_there':
      at(payAfterMs, 'revoked', turn('REVOKED'))
      break
    case 'refunded':
      at(payAfterMs, 'paid', pay)
      at(payAfterMs + random.skewed(1000, 60 * minuteMs), 'refunded', () =>
        gateway.refund(gatewayOrder),
      )
      break
    case 'paid_twice':
      at(payAfterMs, 'paid', pay)
      at(payAfterMs + random.skewed(1000, 30 * minuteMs), 'paid', () =>
        gateway.payAgain(gatewayOrder),
      )
      break
    case 'paid_after_close':
    case 'paid_after_watch':
      at(payAfterMs, 'paid', () => gateway.pay(gatewayOrder, { force: true }))
      break
    case 'unlisted_then_paid':
    case 'unlisted_then_unpaid':
      at(payAfterMs * 0.2, 'unlisted', () =>
        gateway.giveUnlistedState(gatewayOrder, payAfterMs * 2),
      )
      if (kind === 'unlisted_then_paid') at(payAfterMs, 'paid', pay)
      break
    default:
      at(payAfterMs, 'paid', pay)
  }
  for (let forgeries = 0; forgeries < 3; forgeries += 1) {
    if (!faults.occurs('forgedCallback')) continue
    at(random.skewed(1000, 2 * payAfterMs), 'forgery', () => notifier.forge(gatewayOrder))
  }
}
