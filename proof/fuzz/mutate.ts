import type { Chance } from './chance.ts'

/** Bytes that parsers often read wrongly. */
const hostileBytes = [
  0x00, 0x0a, 0x0d, 0x20, 0x22, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xed, 0xfe, 0xff,
]

/** An incomplete character, an overlong one, one beyond Unicode, half a surrogate pair, BOMs of each kind. */
const hostileRuns = [
  [0xe4, 0xb8],
  [0xc0, 0xaf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbb, 0xbf],
  [0xff, 0xfe],
  [0xfe, 0xff],
  [0x00, 0x00],
  [0x1f, 0x8b, 0x08],
].map((run) => Buffer.from(run))

type Mutation = (bytes: Buffer, chance: Chance) => Buffer

const mutations: readonly (readonly [number, Mutation])[] = [
  [4, flipBit],
  [3, setByte],
  [2, truncate],
  [2, repeatRun],
  [2, dropRun],
  [2, insertRun],
  [1, swapRuns],
  [1, prefixed],
  [1, (bytes) => Buffer.from(bytes.toString('latin1'), 'utf16le')],
  [1, (bytes) => Buffer.from(bytes.toString('latin1'), 'utf8')],
]

/** Applies one to three mutations; one may undo another. */
export function mutated(bytes: Uint8Array, chance: Chance): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  const count = 1 + chance.below(3)
  for (let nth = 0; nth < count; nth += 1) changed = chance.weighed(mutations)(changed, chance)
  return changed
}

/** Applies one mutation to a text; it may add lone surrogates and control characters. */
export function mutatedText(text: string, chance: Chance): string {
  const at = chance.below(text.length + 1)
  const inserted = chance.pick([
    ...[
      '\0',
      '\u{feff}',
      '\ud800',
      '\udfff',
      '\r\n',
      ' ',
      '\t',
      '%',
      '%00',
      '%2f',
      '..',
      '\\',
      '"',
      "'",
    ],
    ...[
      '=',
      '==',
      ',',
      ';',
      '\u202e',
      '０',
      '١',
      'é',
      '支付',
      '🀄',
      '{}',
      '[]',
      '$(x)',
      '-',
      '+',
      '1',
    ],
  ])
  return chance.weighed<() => string>([
    [4, () => text.slice(0, at) + inserted + text.slice(at)],
    [2, () => text.slice(0, at) + text.slice(at + 1)],
    [2, () => text.slice(0, at)],
    [1, () => text + text],
    [1, () => text.toUpperCase()],
    [1, () => text.toLowerCase()],
    [1, () => [...text].reverse().join('')],
    [1, () => ''],
    [1, () => text.padEnd(text.length + chance.pick([1, 64, 1024, 9000]), 'A')],
  ])()
}

function flipBit(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.below(bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8))
  return bytes
}

function setByte(bytes: Buffer, chance: Chance): Buffer {
  bytes[chance.below(bytes.length)] = chance.pick(hostileBytes)
  return bytes
}

function truncate(bytes: Buffer, chance: Chance): Buffer {
  return bytes.subarray(0, chance.below(bytes.length))
}

function repeatRun(bytes: Buffer, chance: Chance): Buffer {
  const { from, to } = run(bytes, chance)
  const times = chance.pick([1, 2, 50])
  const repeated = Array.from({ length: times }, () => bytes.subarray(from, to))
  return Buffer.concat([bytes.subarray(0, to), ...repeated, bytes.subarray(to)])
}

function dropRun(bytes: Buffer, chance: Chance): Buffer {
  const { from, to } = run(bytes, chance)
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
}

function insertRun(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.below(bytes.length + 1)
  const inserted = chance.percent(50) ? chance.pick(hostileRuns) : chance.bytes(chance.below(9))
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)])
}

function swapRuns(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.below(bytes.length)
  return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)])
}

function prefixed(bytes: Buffer, chance: Chance): Buffer {
  return Buffer.concat([chance.pick(hostileRuns), bytes])
}

function run(bytes: Buffer, chance: Chance): { from: number; to: number } {
  const from = chance.below(bytes.length)
  return { from, to: Math.min(bytes.length, from + 1 + chance.below(64)) }
}

/** Replaces lone surrogates, which have no encoding. */
export function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd')
}
