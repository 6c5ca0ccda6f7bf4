import type { Random } from '../clock/random.ts'
import type { SimMerchant } from './merchant.ts'

/** What the configuration of one process says of a merchant. */
export interface ConfiguredMerchant {
  readonly merchant: SimMerchant
  readonly name: string
  readonly hasRightKey: boolean
}

/** As it should be; `without` are in no configuration. */
export function rightConfig(
  merchants: readonly SimMerchant[],
  without: readonly SimMerchant[] = [],
): readonly ConfiguredMerchant[] {
  return merchants
    .filter((merchant) => !without.includes(merchant))
    .map((merchant) => ({ merchant, name: merchant.name, hasRightKey: true }))
}

/** One that an operator got wrong: a merchant is not there yet or any more, renamed, or has a wrong key. */
export function drawConfig(
  random: Random,
  merchants: readonly [SimMerchant, ...SimMerchant[]],
): readonly ConfiguredMerchant[] {
  const removed = merchants.length > 1 && random.chance(0.25) ? random.pick(merchants) : null
  return rightConfig(merchants, removed === null ? [] : [removed]).map((right) => ({
    ...right,
    name: random.chance(0.15) ? right.merchant.otherName : right.name,
    hasRightKey: !random.chance(0.1),
  }))
}

export function isSameConfig(
  one: readonly ConfiguredMerchant[],
  other: readonly ConfiguredMerchant[],
): boolean {
  return (
    one.length === other.length &&
    one.every((each, nth) => {
      const same = other[nth]
      return (
        each.merchant === same?.merchant &&
        each.name === same.name &&
        each.hasRightKey === same.hasRightKey
      )
    })
  )
}
