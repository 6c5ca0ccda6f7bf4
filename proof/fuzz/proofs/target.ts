import { verifyCredit } from '../../../src/audit/verify-credit.ts'
import { readWords } from '../../../src/gateway/wechat/words.ts'
import type { CreditToVerify } from '../../../src/store/proofs/proof-store.ts'
import type { Chance } from '../chance.ts'
import type { Keys } from '../keys.ts'
import { expectNoCrash, Finding, type OpenTarget, type Target } from '../target.ts'
import { proofKeys, provenCredit } from './credit.ts'

/**
 * A number of an event decides only where its order is of before there were proofs. An event that is there
 * twice says nothing else. The first event must be there; others may have been pruned.
 */
const unsealed = new Set(['events.repeated', 'events.0.id', 'events.1.id'])

/** Rows of a credit that somebody has changed in the database: the audit must say so, and not fail. */
export function proofsTarget({
  verify = verifyCredit,
}: {
  verify?: typeof verifyCredit
} = {}): Target {
  return {
    name: 'proofs',
    weight: 3,
    async open({ keys }: { keys: Keys }): Promise<OpenTarget> {
      const credit = provenCredit(keys)
      const verifying = { keys: proofKeys, readWords: () => readWords, eventsTo: 0n }
      return {
        async feed(chance) {
          const { changed, path } = chance.percent(10)
            ? { changed: credit, path: null }
            : changedCredit(credit, chance)
          const input = { path, credit: JSON.stringify(changed, plain) }
          const verdict = await expectNoCrash(input, () => verify(verifying, changed))
          const isChanged = path !== null && !unsealed.has(path)
          if (isChanged && verdict === 'proven') {
            throw new Finding('wrong answer', 'proved a credit that was changed', input)
          }
          if (!isChanged && verdict !== 'proven') {
            throw new Finding('wrong answer', `said "${verdict}" of a credit as it was`, input)
          }
          return verdict === 'proven' ? 'accepted' : 'rejected'
        },
        close: async () => {},
      }
    },
  }
}

function plain(_: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array).toString('base64')
  return typeof value === 'bigint' ? String(value) : value
}

/** The rows that may be gone. */
const optional = new Set(['order', 'proof'])

type Node = Record<string, unknown>

/** A copy with one value that is another one. */
function changedCredit(
  credit: CreditToVerify,
  chance: Chance,
): { readonly changed: CreditToVerify; readonly path: string } {
  const changed = structuredClone(credit) as unknown as Node
  let node = changed
  const path: string[] = []
  for (;;) {
    const name = chance.pick(Object.keys(node))
    path.push(name)
    const value = node[name]
    const mayBeChanged = Array.isArray(value) || (node === changed && optional.has(name))
    if (isNode(value) && !(mayBeChanged && chance.percent(5))) {
      node = value
      continue
    }
    const other = otherThan(value, chance)
    if (Object.is(other, value)) return changedCredit(credit, chance)
    node[name] = other
    if (Array.isArray(value) && Array.isArray(other) && other.length > value.length)
      path.push('repeated')
    return { changed: changed as unknown as CreditToVerify, path: path.join('.') }
  }
}

function isNode(value: unknown): value is Node {
  const isTree = typeof value === 'object' && value !== null
  return isTree && !(value instanceof Date) && !ArrayBuffer.isView(value)
}

/** Of the same type, as the column has it; where it may be null, null at times. */
function otherThan(value: unknown, chance: Chance): unknown {
  if (Array.isArray(value))
    return chance.percent(50) ? value.slice(1) : [...value, ...value.slice(0, 1)]
  // The order or the proof is gone.
  if (isNode(value)) return null
  if (typeof value === 'bigint') return value + BigInt(chance.below(1000)) - 500n
  if (typeof value === 'number') return chance.pick([value + 1, 0 - value, 0, 2 ** 31])
  if (typeof value === 'boolean') return !value
  if (value instanceof Date) return new Date(+value + (chance.percent(50) ? 1 : 400 * 86_400_000))
  if (ArrayBuffer.isView(value)) return changedBytes(Buffer.from(value as Uint8Array), chance)
  if (value === null) return chance.pick(['', 'x', '1'])
  return changedText(String(value), chance)
}

function changedBytes(bytes: Buffer, chance: Chance): Buffer {
  if (chance.percent(20)) return bytes.subarray(0, chance.below(bytes.length))
  const at = chance.below(bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ (1 + chance.below(255))
  return bytes
}

function changedText(text: string, chance: Chance): string {
  const at = chance.below(text.length)
  return chance.pick([
    '',
    `${text} `,
    text.slice(1),
    text.slice(0, at) + chance.pick(['0', 'a', ':', '\u0000', '"']) + text.slice(at + 1),
    chance.hex(8),
  ])
}
