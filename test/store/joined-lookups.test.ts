import { describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import { joinedLookups } from '../../src/store/joined/lookups.ts'

interface Statement {
  readonly numbers: readonly string[]
  answer(): void
  fail(error: Error): void
}

/** Lookups whose statements are answered by hand. Each number has an order. */
function lookups() {
  const statements: Statement[] = []
  const find = joinedLookups((numbers) => {
    return new Promise((resolve, reject) => {
      const answer = () => resolve(numbers.map((orderNo) => ({ orderNo }) as Order))
      statements.push({ numbers, answer, fail: reject })
    })
  })
  const numbersOf = async (found: ReturnType<typeof find>) =>
    (await found).map(({ orderNo }) => orderNo)
  return { find, numbersOf, statements }
}

/** Until what is due has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('looking up orders by number', () => {
  it('sends a number that comes alone at once', async () => {
    const { find, numbersOf, statements } = lookups()
    const found = numbersOf(find('A'))
    await settled()
    expect(statements.map(({ numbers }) => numbers)).toEqual([['A']])
    statements[0]?.answer()
    expect(await found).toEqual(['A'])
  })

  it('puts what comes while statements are under way into the next one, each number once', async () => {
    const { find, numbersOf, statements } = lookups()
    const first = [numbersOf(find('A'))]
    await settled()
    first.push(numbersOf(find('B')))
    await settled()
    const later = ['C', 'D', 'C', 'E'].map((number) => numbersOf(find(number)))
    await settled()
    const sentBefore = statements.length
    for (const { answer } of statements.slice()) answer()
    await Promise.all(first)
    await settled()
    for (const { answer } of statements.slice(sentBefore)) answer()
    expect(await Promise.all(later)).toEqual([['C'], ['D'], ['C'], ['E']])
    expect(statements.slice(sentBefore).map(({ numbers }) => numbers)).toEqual([['C', 'D', 'E']])
  })

  it('sends at most 100 numbers in a statement', async () => {
    const { find, numbersOf, statements } = lookups()
    const found = Array.from({ length: 450 }, (_, nth) => numbersOf(find(`N${nth}`)))
    for (let answered = 0; answered < 450; ) {
      await settled()
      const open = statements.splice(0)
      expect(open.every(({ numbers }) => numbers.length <= 100)).toBe(true)
      for (const { numbers, answer } of open) {
        answered += numbers.length
        answer()
      }
    }
    expect((await Promise.all(found)).flat()).toHaveLength(450)
  })

  it('fails the numbers of a failed statement, and no others', async () => {
    const { find, numbersOf, statements } = lookups()
    const together = Promise.allSettled(['A', 'B'].map((number) => numbersOf(find(number))))
    await settled()
    const next = numbersOf(find('C'))
    await settled()
    expect(statements.map(({ numbers }) => numbers)).toEqual([['A', 'B'], ['C']])
    statements[0]?.fail(new Error('connection lost'))
    statements[1]?.answer()
    expect((await together).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await next).toEqual(['C'])
  })

  it('never gives a number what a statement found that was sent before', async () => {
    const { find, numbersOf, statements } = lookups()
    const first = numbersOf(find('A'))
    await settled()
    const second = numbersOf(find('A'))
    await settled()
    expect(statements.map(({ numbers }) => numbers)).toEqual([['A'], ['A']])
    for (const { answer } of statements) answer()
    expect(await Promise.all([first, second])).toEqual([['A'], ['A']])
  })

  it('does not wait for statements whose connections hang', async () => {
    const { find, numbersOf, statements } = lookups()
    const hanging = [find('A')]
    await settled()
    hanging.push(find('B'))
    await settled()
    const hung = statements.length
    const next = numbersOf(find('C'))
    while (statements.length === hung) await new Promise((resolve) => setTimeout(resolve, 10))
    statements.at(-1)?.answer()
    expect(await next).toEqual(['C'])
    for (const { answer } of statements) answer()
    await Promise.all(hanging)
  })
})
