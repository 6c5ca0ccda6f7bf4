import fc from 'fast-check'

/**
 * Parts of passwords that are not percent-encoded, or wrongly. They occur nowhere else, so that four
 * printed characters of one must come from the password.
 */
const words = ['Zq9Kvb', 'Xw7JmG', '4917', '支付宝钥匙', 'jQ8%2Fz', 'kY%zz5', 'é'.repeat(5)]

const hostile = [
  ...['/', '?', '#', '@', ':', '[', ']', '\\', '%', ' ', '\t', '\n', '&', '=', ';', ',', '+', '$'],
  ...[
    '"',
    "'",
    '`',
    '{',
    '}',
    '|',
    '^',
    '<',
    '>',
    '!',
    '*',
    '//',
    '://',
    '@h/',
    '\u2028',
    '＠',
    '℀',
  ],
]

const joint = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostile) },
  { weight: 1, arbitrary: fc.constantFrom('', '.', '-') },
)
const secretWord = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.constant('Zq9Kvb'.repeat(3000)) },
)

/** The joints may put a reserved character at either end of the password. */
const password = fc
  .tuple(joint, fc.array(fc.tuple(secretWord, joint), { minLength: 1, maxLength: 4 }))
  .map(([before, parts]) => before + parts.flat().join(''))

const schemes = ['postgres', 'postgresql', 'redis', 'rediss', 'https', 'http', 'mysql', 'pglite']

export interface TornUrl {
  readonly url: string
  readonly password: string
}

/** @param among the schemes to choose from. */
export function tornUrl(among: readonly string[] = schemes): fc.Arbitrary<TornUrl> {
  const tail = fc.constantFrom('127.0.0.1:1/db', '127.0.0.1', '127.0.0.1:port/0', '/db', '')
  return fc
    .record({ scheme: fc.constantFrom(...among), password, tail, user: fc.constantFrom('usr', '') })
    .map(({ scheme, password, tail, user }) => ({
      url: `${scheme}://${user}:${password}@${tail}`,
      password,
    }))
}

/** Returns the first four characters of a part of the password that the text contains, or null. */
export function pieceIn(text: string, { password }: TornUrl): string | null {
  const pieces = words.filter((word) => password.includes(word)).flatMap(windowsOf)
  return pieces.find((piece) => text.includes(piece)) ?? null
}

function windowsOf(word: string): readonly string[] {
  const forms = [word, encodeURIComponent(word)]
  return forms.flatMap((form) =>
    Array.from({ length: Math.max(0, form.length - 3) }, (_, at) => form.slice(at, at + 4)),
  )
}
