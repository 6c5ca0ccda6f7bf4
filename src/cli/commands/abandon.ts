import { presentOrder } from '../../web/api/shapes/present.ts'
import { localActor, wordsGiven } from '../actor.ts'
import type { Command } from '../context.ts'
import { CommandError } from '../failure.ts'
import { merchantGiven, namesIn } from '../reader.ts'
import { orderNotFound, withService } from '../with-service.ts'

/** Gives up one order. Exits with 1 when it cannot be given up, or is not in the database. */
export const abandon: Command = async (context, given) => {
  const [orderNo = ''] = given.args
  const { output } = context
  const reason = wordsGiven(given, 'reason')
  const request = { reason, actor: localActor(), ...merchantGiven(given) }
  const abandoned = await withService(context, (budan) => budan.abandonOrder(orderNo, request))
  if (abandoned === null) throw orderNotFound(orderNo)
  if (abandoned.kind !== 'abandoned') {
    throw new CommandError(`Nothing was changed: ${abandoned.message}`)
  }
  if (output.asJson) output.json(presentOrder(abandoned.order, namesIn(context)))
  else output.line(`order ${orderNo} is expired now, and its Idempotency-Key can be used again`)
  return 0
}
