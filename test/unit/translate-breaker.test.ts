import { it } from 'vitest'
import type { UnknownWhy } from '../../src/domain/trade.ts'
import { Breaker } from '../../src/job/breaker.ts'
import { causes, ownWords } from './causes.ts'
import { expectChinese } from './chinese.ts'

it.each(ownWords)('the breaker says nothing that has no Chinese, in words of gateway %#', (own) => {
  const reasons = causes.flatMap((cause) =>
    ([undefined, 'clock', 'page', 'unlisted', 'unopened', 'damaged'] as const).map((why) => ({
      cause,
      why,
    })),
  )
  for (const { cause, why } of reasons) {
    const breaker = new Breaker(() => undefined, own)
    const unknown = { kind: 'unknown', cause, message: '', systemic: true, evidence: {} } as const
    breaker.observe({ ...unknown, ...(why && { why }) })
    const { reason } = breaker
    // The others are never systemic; their word would be shown as it is.
    if (/ /.test(reason ?? '')) expectChinese(reason ?? '')
  }
  const whys = [
    ...['keyless', 'forged', 'unsigned', 'malformed', 'stale', 'probe', 'page'],
    undefined,
  ]
  const opened = [
    (breaker: Breaker) =>
      breaker.observeAbsent('all 7 answers about known orders were "no such order"'),
    ...whys.map((why) => (breaker: Breaker) => {
      breaker.observeUnverified('none of 7 answers could be verified', [why as UnknownWhy])
    }),
  ]
  for (const open of opened) {
    const breaker = new Breaker(() => undefined, own)
    open(breaker)
    expectChinese(breaker.reason ?? '')
    expectChinese(`runs are held back: ${breaker.reason}`)
  }
})
