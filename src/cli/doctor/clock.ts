import type { WechatConfig } from '../../config/config.ts'
import { systemClock } from '../../domain/clock.ts'
import {
  type ClockOffset,
  Clocks,
  clocksDisagreeMs,
  describeSkew,
} from '../../domain/runs/clocks.ts'
import { offsetBy } from '../../gateway/wechat/http/wire.ts'
import type { Store } from '../../store/store.ts'
import { type Finding, fail, ok } from './finding.ts'
import { dateOf } from './gateway.ts'

/**
 * Compares the database's clock with this machine's and the gateway's, as readiness does. The embedded
 * database has no clock of its own.
 */
export async function examineDatabaseClock(
  store: Pick<Store, 'kind' | 'now'>,
  wechat: WechatConfig | null,
): Promise<readonly Finding[]> {
  if (store.kind === 'pglite') return []
  const name = 'database clock'
  const gatewayOffset = wechat && (await offsetOf(wechat))
  const clocks = new Clocks({
    clock: systemClock,
    gatewayOffset: () => gatewayOffset,
    emit: () => undefined,
  })
  const requestedAt = systemClock()
  clocks.agree({ time: await store.now(), requestedAt })
  const skews = clocks.skews.filter(({ pair }) => pair !== 'gateway_node')
  const apart = skews.filter(({ aheadMs }) => Math.abs(aheadMs) > clocksDisagreeMs)
  if (apart.length === 0) {
    return [
      ok(
        name,
        skews.length === 1
          ? 'agrees with this machine'
          : 'agrees with this machine and the gateway',
      ),
    ]
  }
  return [
    fail(name, {
      detail: apart.map(describeSkew).join('; '),
      next: "set the clock that is wrong by NTP, the database server's or this machine's: no order is closed while they disagree",
    }),
  ]
}

async function offsetOf(wechat: WechatConfig): Promise<ClockOffset | null> {
  const requestedAt = systemClock()
  const date = await dateOf(wechat)
  return offsetBy(date?.toUTCString(), { clock: systemClock, requestedAt })
}
