import { reasonText } from '../../i18n/reasons.ts'
import { presentCheckReport } from '../../web/api/shapes/present.ts'
import { localActor } from '../actor.ts'
import type { Command } from '../context.ts'
import { merchantGiven } from '../reader.ts'
import { orderNotFound, withService } from '../with-service.ts'

/**
 * Queries one order now. Exits with 0 for any answer, and with 1 when the order is not in the database.
 */
export const check: Command = async (context, given) => {
  const [orderNo = ''] = given.args
  const { output } = context
  const report = await withService(context, (budan) =>
    budan.checkOrder(orderNo, { actor: localActor(), ...merchantGiven(given) }),
  )
  if (report === null) throw orderNotFound(orderNo)
  if (output.asJson) output.json(presentCheckReport(report))
  else {
    output.facts([
      ['order_no', orderNo],
      ['trade_state', report.tradeState],
      ['decision', report.decision && output.term('decision', report.decision)],
      ['status', output.term('status', report.order.status)],
      ['reason', reasonText(report.codedReason, output.locale)],
    ])
  }
  return 0
}
