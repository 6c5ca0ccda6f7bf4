import { isSameMerchant } from '../../domain/merchant.ts'
import type { ClaimedOrder, Due, Store } from '../store.ts'

type Claim = Due & { readonly leaseMs: number }
type ClaimOfEach = Omit<Claim, 'merchant'> & { readonly merchants: readonly Due['merchant'][] }

/** So that one statement neither takes long, nor fails the claims of all merchants. */
const merchantsMax = 10

interface Waiting {
  readonly claim: Claim
  resolve(claimed: readonly ClaimedOrder[]): void
  reject(error: unknown): void
}

/**
 * Sends claims of different merchants that are requested at the same moment as one statement. A run
 * claims for all its merchants at once, and most of them have few orders.
 */
export function joinedClaims(
  claimOfEach: (claim: ClaimOfEach) => Promise<readonly ClaimedOrder[]>,
): Store['claimDue'] {
  let waiting: Waiting[] = []

  const send = async (together: readonly Waiting[]): Promise<void> => {
    const [first] = together
    if (first === undefined) return
    const merchants = together.map(({ claim }) => claim.merchant)
    try {
      const claimed = await claimOfEach({ ...first.claim, merchants })
      for (const { claim, resolve } of together)
        resolve(claimed.filter(({ order }) => isSameMerchant(order, claim.merchant)))
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }

  const sendAll = (): void => {
    let left: readonly Waiting[] = waiting
    waiting = []
    while (left.length > 0) {
      const together = joinable(left)
      left = left.filter((each) => !together.includes(each))
      void send(together)
    }
  }

  return (claim) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) queueMicrotask(sendAll)
      waiting.push({ claim, resolve, reject })
    })
}

/** The first, and others that look for the same number of orders at other merchants. */
function joinable(waiting: readonly Waiting[]): readonly Waiting[] {
  const together: Waiting[] = []
  for (const each of waiting) {
    const fits = together.every(({ claim }) => mayJoin(claim, each.claim))
    if (fits && together.length < merchantsMax) together.push(each)
  }
  return together
}

function mayJoin(one: Claim, other: Claim): boolean {
  return (
    !isSameMerchant(one.merchant, other.merchant) &&
    one.limit === other.limit &&
    one.leaseMs === other.leaseMs &&
    one.thresholdMs === other.thresholdMs &&
    one.farthestMs === other.farthestMs
  )
}
