/** Printed in the example and the docs: everybody knows them. */
const sampleTokens: ReadonlySet<string> = new Set(['change-me-to-a-long-random-one'])

/** What is wrong with the token whoever can reach it; null: nothing. Never prints it. */
export function sampleTokenFault(token: string): string | null {
  return sampleTokens.has(token)
    ? `is the one of the example, which everybody knows: ${makeOne}`
    : null
}

/** 24 random bytes in base64. Every guess then misses, however fast they come. */
const lengthMin = 32

/** 32 random hex digits have fewer than one time in a million. */
const differentMin = 8

/** What is wrong with a token that other machines can try; null: nothing. Never prints it. */
export function weakTokenFault(token: string): string | null {
  if (token.length < lengthMin) {
    return `has ${token.length} characters: where other machines can try, ${lengthMin} are needed; ${makeOne}`
  }
  return isPlain(token)
    ? `is not random: where other machines can try, it has to be; ${makeOne}`
    : null
}

const makeOne = 'make one with openssl rand -base64 24'

/** Few different characters, one block over and over, the order of the alphabet, or a phrase. */
function isPlain(token: string): boolean {
  const isFew = new Set(token).size < differentMin
  return isFew || isRepeated(token) || isSequence(token) || isPhrase(token)
}

/** What guessers try first adds nothing: `admin-token-` before enough random characters may stay. */
function isPhrase(token: string): boolean {
  const rest = token.replaceAll(triedFirst, '')
  return rest !== token && rest.length < lengthMin
}

/** Of 100,000 random tokens of the least length about one holds one of them. */
const triedFirst =
  /passw(or)?d?|change.?me|replace.?me|secret|token|admin|qwerty?|1q2w3e|letmein|correct.?horse/gi

/** Also with a block that is cut off at the end. */
function isRepeated(token: string): boolean {
  return Array.from({ length: Math.floor(token.length / 2) }, (_, at) => at + 1).some(
    (period) => token.slice(period) === token.slice(0, -period),
  )
}

/** Of random letters and digits about one in thirty follows its neighbour. */
function isSequence(token: string): boolean {
  const steps = Array.from(token.slice(1), (_, at) =>
    Math.abs(token.charCodeAt(at + 1) - token.charCodeAt(at)),
  )
  return steps.filter((step) => step <= 1).length > steps.length / 2
}
