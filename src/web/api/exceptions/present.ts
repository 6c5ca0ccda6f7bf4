import { nameAmong } from '../../../domain/merchant.ts'
import { fenToNumber } from '../../../domain/money.ts'
import { type Exception, type OpenExceptions, totalOf } from '../../../domain/review/exception.ts'
import { presenterOf } from '../../presenter.ts'
import type { NamedIn } from '../shapes/present.ts'
import { exceptionShape } from './shapes.ts'

const exceptionJson = presenterOf(exceptionShape)

export function presentException(exception: Exception, { merchants = [] }: NamedIn) {
  const { closing, codedReason, amountAtStake } = exception
  return exceptionJson({
    ...exception,
    merchant: nameAmong(merchants, exception),
    amountAtStake: fenToNumber(amountAtStake),
    reasonCode: codedReason?.code ?? null,
    closedAt: closing?.at ?? null,
    closedBy: closing?.by ?? null,
    closedReason: closing?.reason ?? null,
  })
}

export function presentTotal(open: OpenExceptions) {
  const { count, amount } = totalOf(open)
  return { count, amount_at_stake: amount }
}
