import fc from 'fast-check'
import type { Chance } from './chance.ts'

/** Drawing this many samples at once takes a tenth of the time of drawing them one by one. */
const sampledAtOnce = 256

/** Values of fast-check, drawn by `Chance`, so that an input can be repeated. */
export class Samples<T> {
  readonly #arbitrary: fc.Arbitrary<T>
  #era: number | null = null
  #values: readonly T[] = []

  constructor(arbitrary: fc.Arbitrary<T>) {
    this.#arbitrary = arbitrary
  }

  pick(chance: Chance): T {
    if (this.#era !== chance.era) {
      this.#era = chance.era
      this.#values = fc.sample(this.#arbitrary, { numRuns: sampledAtOnce, seed: chance.era | 0 })
    }
    return chance.pick(this.#values)
  }
}

const anyJson = new Samples(fc.json({ maxDepth: 4 }))
const anyString = new Samples(fc.string({ unit: 'binary', maxLength: 60 }))

/** Numbers in JSON that programs often read wrongly. */
export const oddNumbers = [
  ...[
    '0',
    '-0',
    '1',
    '-1',
    '0.1',
    '1.0',
    '100',
    '100.0',
    '1e2',
    '1E+2',
    '100e-2',
    '0.9999999999999999',
  ],
  ...['99.99999999999999999', '9007199254740991', '9007199254740992', '9007199254740993'],
  ...['-9007199254740993', '1e308', '1e400', '-1e400', '1e-400', '123456789012345678901234567890'],
  ...[
    '2147483648',
    '4294967296',
    '18446744073709551616',
    '"100"',
    '"1e2"',
    '"0x64"',
    '" 100"',
    '"１００"',
  ],
] as const

const oddTexts = [
  ...[
    '""',
    '" "',
    '"null"',
    '"undefined"',
    '"SUCCESS"',
    '"success"',
    '"SUCCESS "',
    '"SUCCESS\\u0000"',
  ],
  ...['"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\\ufeff"', '"__proto__"', '"constructor"'],
  ...[
    '"toString"',
    '"hasOwnProperty"',
    '"../../etc/passwd"',
    '"{{7*7}}"',
    '"\'; drop table orders; --"',
  ],
] as const

const oddShapes = [
  ...[
    'null',
    'true',
    'false',
    '[]',
    '{}',
    '[null]',
    '{"":null}',
    '[[[[[[]]]]]]',
    '{"__proto__":{"total":1}}',
  ],
  ...[
    '{"constructor":{"prototype":{"total":1}}}',
    '{"length":-1}',
    '{"toString":1,"valueOf":2}',
    '{"then":1}',
  ],
  ...['{"toJSON":1}', '[1,2,3]', '{"total":1,"total":2}'],
] as const

/** Texts that look like JSON and are not. */
const broken = [
  '',
  'undefined',
  'NaN',
  'Infinity',
  "'a'",
  '01',
  '+1',
  '.5',
  '1.',
  '0x10',
  '{',
  '"',
  '"\t"',
  '[1,]',
] as const

/** One value as JSON text, which may be malformed. */
export function hostileJson(chance: Chance): string {
  return chance.weighed<() => string>([
    [6, () => chance.pick(oddNumbers)],
    [5, () => chance.pick(oddTexts)],
    [5, () => chance.pick(oddShapes)],
    [2, () => anyJson.pick(chance)],
    [2, () => JSON.stringify(anyString.pick(chance))],
    [1, () => chance.pick(broken)],
    [1, () => nested(chance)],
    [1, () => JSON.stringify('A'.repeat(chance.pick([65, 129, 1025, 20_000])))],
  ])()
}

/** Deep enough to overflow a reader that recurses. */
function nested(chance: Chance): string {
  const depth = chance.pick([10, 100, 2000, 9000])
  return chance.percent(50)
    ? '['.repeat(depth) + ']'.repeat(depth)
    : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
}

/** Members of an object as text: a key may occur twice, a value may be any text. */
export type Members = readonly (readonly [key: string, json: string])[]

export function objectText(members: Members): string {
  return `{${members.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`
}

/** Changes the members in one to three ways: a value, a missing, doubled, renamed or additional member. */
export function spoiled(members: Members, chance: Chance): Members {
  let spoilt = [...members]
  const count = 1 + chance.below(3)
  for (let nth = 0; nth < count; nth += 1) spoilt = spoiledOnce(spoilt, chance)
  return spoilt
}

function spoiledOnce(members: Members, chance: Chance): (readonly [string, string])[] {
  const at = chance.below(members.length)
  const [key = 'a', json = '1'] = members[at] ?? []
  const changed = (...put: (readonly [string, string])[]) => members.toSpliced(at, 1, ...put)
  return chance.weighed<() => (readonly [string, string])[]>([
    [6, () => changed([key, hostileJson(chance)])],
    [2, () => changed()],
    [2, () => changed([key, json], [key, hostileJson(chance)])],
    [2, () => changed([key, hostileJson(chance)], [key, json])],
    [1, () => changed([key.toUpperCase(), json])],
    [1, () => changed([`${key} `, json])],
    [1, () => [...members, ['__proto__', hostileJson(chance)]]],
    [1, () => [...members, [anyString.pick(chance), hostileJson(chance)]]],
    [1, () => changed([key, `[${json}]`])],
    [1, () => changed([key, `"${json.replaceAll('"', '')}"`])],
  ])()
}
