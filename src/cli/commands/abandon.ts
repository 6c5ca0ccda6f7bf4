import { openService } from '../../service.ts'
import { presentOrder } from '../../web/api/present.ts'
import { localActor, wordsGiven } from '../actor.ts'
import type { CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import type { Given } from '../program.ts'
import { quietLog, screenOf } from '../progress.ts'
import type { ExitCode } from '../terminal.ts'

/** Gives up one order. 1 when it cannot be given up, or is not here. */
export async function abandon(context: CommandContext, given: Given): Promise<ExitCode> {
  const [orderNo = ''] = given.args
  const { output, terminal } = context
  const reason = wordsGiven(given, 'reason')
  // What is being settled is not cut short by a signal.
  void terminal.stopAsked()
  const budan = await openService(quietLog(context.config('gateway'), screenOf(terminal.env)))
  try {
    const asked = { reason, actor: localActor() }
    const abandoned = await budan.abandonOrder(orderNo, asked)
    if (abandoned === null) throw new CommandError(`Cannot find order "${orderNo}"`)
    if (abandoned.kind !== 'abandoned') {
      throw new CommandError(`Nothing was changed: ${abandoned.message}`)
    }
    if (output.asJson) output.json(presentOrder(abandoned.order))
    else output.line(`order ${orderNo} is expired now, and its Idempotency-Key can be used again`)
    return 0
  } finally {
    await budan.close()
  }
}
