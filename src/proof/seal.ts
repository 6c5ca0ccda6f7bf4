import { createHmac } from 'node:crypto'
import type { DerivedKey, ProofKeys } from './keys.ts'

/**
 * What a seal is about. A seal of one kind never fits another. `old_…`: what was there before there were
 * proofs, sealed as it was found.
 */
export type SealKind = 'order' | 'old_order' | 'credit' | 'old_credit' | 'event' | SumKind

/** What shows that nothing was deleted. */
type SumKind = 'sequence' | 'day' | 'head'

/** What a seal covers. Amounts as text, times as milliseconds. */
export type Sealed = readonly Fact[]
export type Fact = string | number | boolean | null

/** HMAC-SHA256 over the kind and the facts, with the id of its key: `k1.o:3q2-7w…`. */
export function sealOf(key: DerivedKey, kind: SealKind, facts: Sealed): string {
  return `${key.id}.${letters[kind]}:${macOf(key, kind, facts)}`
}

/** `missing`: there is none. `no_key`: it was made with a key that is not here. */
export type SealFit = 'fits' | 'wrong' | 'missing' | 'no_key'

/** Whether a seal is of this kind and over these facts. */
export function sealFits(
  keys: ProofKeys,
  seal: string | null,
  { kind, facts }: { readonly kind: SealKind; readonly facts: Sealed },
): SealFit {
  if (seal === null) return 'missing'
  const key = keys.find(seal.slice(0, seal.indexOf('.')))
  if (key !== null) return sealOf(key, kind, facts) === seal ? 'fits' : 'wrong'
  return pattern.test(seal) ? 'no_key' : 'wrong'
}

/** As the seal itself says; whether it is true is shown by `sealFits` alone. */
export function isOfKind(seal: string | null, kind: SealKind): boolean {
  return seal?.[seal.indexOf('.') + 1] === letters[kind]
}

/** The seal as a number, for sums over a set; 0 where it is none. */
export function numberOfSeal(seal: string): bigint {
  if (!pattern.test(seal)) return 0n
  const mac = Buffer.from(seal.slice(-macLength), 'base64url')
  return BigInt(`0x${mac.toString('hex')}`)
}

const letters: Readonly<Record<SealKind, string>> = {
  order: 'o',
  old_order: 'p',
  credit: 'c',
  old_credit: 'd',
  event: 'e',
  sequence: 'l',
  day: 't',
  head: 'h',
}

const pattern = /^[\w-]{1,32}\.[a-z]:[\w-]{43}$/
/** 32 bytes in base64url. */
const macLength = 43

function macOf({ seal }: DerivedKey, kind: SealKind, facts: Sealed): string {
  return createHmac('sha256', seal)
    .update(JSON.stringify([kind, ...facts]))
    .digest('base64url')
}
