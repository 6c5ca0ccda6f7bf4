import { reasonText } from '../../i18n/reasons.ts'
import { openService } from '../../service.ts'
import { presentCheckReport } from '../../web/api/present.ts'
import { localActor } from '../actor.ts'
import type { CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import { saidAsIs } from '../output.ts'
import type { Given } from '../program.ts'
import { quietLog, screenOf } from '../progress.ts'
import type { ExitCode } from '../terminal.ts'

/** Asks about one order now. 0 whatever the gateway said; 1 when the order is not ours. */
export async function check(context: CommandContext, { args }: Given): Promise<ExitCode> {
  const [orderNo = ''] = args
  const { output } = context
  // The answer is settled before a signal ends this process: it has its own deadline.
  void context.terminal.stopAsked()
  const config = context.config('gateway')
  const budan = await openService(quietLog(config, screenOf(context.terminal.env)))
  try {
    const report = await budan.checkOrder(orderNo, { actor: localActor() })
    if (report === null) throw new CommandError(`Cannot find order "${orderNo}"`)
    if (output.asJson) output.json(presentCheckReport(report))
    else {
      output.facts([
        ['order_no', orderNo],
        ['trade_state', report.tradeState],
        ['decision', report.decision],
        ['status', report.order.status],
        ['reason', saidAsIs(reasonText(report.codedReason, output.locale))],
      ])
    }
    return 0
  } finally {
    await budan.close()
  }
}
