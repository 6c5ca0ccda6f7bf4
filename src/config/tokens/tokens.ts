/** Tokens that are printed in the example and the docs, so that everybody knows them. */
const sampleTokens: ReadonlySet<string> = new Set(['change-me-to-a-long-random-one'])

/**
 * The fault of a token that is never acceptable, on loopback either; null: none. Never prints the
 * token.
 */
export function sampleTokenFault(token: string): string | null {
  return sampleTokens.has(token)
    ? `is the one of the example, which everybody knows: ${makeOne}`
    : null
}

/** The length of 24 random bytes in base64, which cannot be guessed at any rate. */
const lengthMin = 32

/** 32 random hexadecimal digits have fewer different ones with a probability below one in a million. */
const differentMin = 8

/** The fault of a token that other machines can try to guess; null: none. Never prints the token. */
export function weakTokenFault(token: string): string | null {
  if (token.length < lengthMin) {
    return `has ${token.length} characters: where other machines can try, ${lengthMin} are needed; ${makeOne}`
  }
  return isPlain(token)
    ? `is not random: where other machines can try, it has to be; ${makeOne}`
    : null
}

const makeOne = 'make one with openssl rand -base64 24'

/**
 * Whether it has few different characters, repeats one block, follows the alphabet, or is a common
 * phrase.
 */
function isPlain(token: string): boolean {
  const isFew = new Set(token).size < differentMin
  return isFew || isRepeated(token) || isSequence(token) || isPhrase(token)
}

/** Common words count for nothing: `admin-token-` is allowed before enough random characters. */
function isPhrase(token: string): boolean {
  const rest = token.replaceAll(triedFirst, '')
  return rest !== token && rest.length < lengthMin
}

/** Of 100,000 random tokens of the minimum length, about one contains one of these. */
const triedFirst =
  /passw(or)?d?|change.?me|replace.?me|secret|token|admin|qwerty?|1q2w3e|letmein|correct.?horse/gi

/** Whether one block is repeated; the last repetition may be cut off. */
function isRepeated(token: string): boolean {
  return Array.from({ length: Math.floor(token.length / 2) }, (_, at) => at + 1).some(
    (period) => token.slice(period) === token.slice(0, -period),
  )
}

/**
 * Whether most characters follow their neighbour; of random letters and digits about one in thirty
 * does.
 */
function isSequence(token: string): boolean {
  const steps = Array.from(token.slice(1), (_, at) =>
    Math.abs(token.charCodeAt(at + 1) - token.charCodeAt(at)),
  )
  return steps.filter((step) => step <= 1).length > steps.length / 2
}
