/** Measures what it costs to find out whose token a request carries, and what it may do. */
import { createHash, randomBytes } from 'node:crypto'
import { opens } from '../../src/domain/scope.ts'
import { Tokens } from '../../src/web/access/tokens.ts'
import { figure } from '../figure.ts'
import { firstRepetition, type Part, type Size } from '../part.ts'

const requestsOf: Readonly<Record<Size, number>> = { full: 200_000, quick: 50_000, tiny: 500 }
const tokenCount = 100

export const access: Part = {
  name: 'access',
  target: 19,
  about: "a request's authorization with 100 tokens",
  async bench({ size, repetitions }) {
    const texts = Array.from({ length: tokenCount }, () => randomBytes(24).toString('base64url'))
    const tokens = new Tokens({
      server: { apiToken: null, tokens: texts.map(tokenOf) },
      hasAdoptPrefixes: false,
      clock: () => new Date(),
    })
    const requests = requestsOf[size]
    const micros: number[] = []
    for (let nth = firstRepetition({ size }); nth <= repetitions; nth += 1) {
      const started = performance.now()
      for (let at = 0; at < requests; at += 1) authorize(tokens, texts[at % tokenCount] ?? '')
      if (nth > 0) micros.push(((performance.now() - started) * 1000) / requests)
    }
    return [
      figure(`authorizing a request with ${tokenCount} tokens`, {
        ...{ unit: 'µs', values: micros, goal: { kind: 'at most', value: 20 } },
      }),
    ]
  },
}

function authorize(tokens: Tokens, text: string): void {
  const caller = tokens.find(Buffer.from(text))
  if (caller === null || caller === 'expired' || !opens(caller.scopes, 'orders:check')) {
    throw new Error('A token of the bench is refused')
  }
}

function tokenOf(text: string, nth: number) {
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { name: `token-${nth}`, sha256, role: 'operator', scopes: null, expiresAt: null } as const
}
