import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Budan } from '../../src/service.ts'
import { openWorld, type World } from '../support/world.ts'

let world: World
let budan: Budan
beforeAll(async () => {
  world = await openWorld()
  budan = world.budan
})
afterAll(() => world.close())

const minute = 60_000
const actor = { name: 'shop', address: null }

/** As plain JavaScript calls: no type keeps anything from being anything. */
type Given = Readonly<Record<string, unknown>>
const place = (given: Given) => budan.placeOrder(given as never)
const adopt = (given: Given) => budan.adoptOrder(given as never)
const correct = (orderNo: unknown, given: unknown) =>
  budan.correctOrder(orderNo as string, given as never)

const ordered = { userId: 'u1', amount: 1234n, description: 'Credit' }
const adopted = { userId: 'u1', amount: 1234n }

const numbers = { next: 0 }
function nextNo(): string {
  numbers.next += 1
  return `VALUES${numbers.next}`
}

async function orders(): Promise<number> {
  const page = await world.store.listOrders({
    limit: 200,
    cursor: null,
    status: null,
    userId: null,
  })
  return page.items.length
}

describe('placeOrder() from plain JavaScript', () => {
  test('takes what is left out as null, and is the same order again', async () => {
    const first = await place({ ...ordered, idempotencyKey: 'left-out' })
    expect(first).toMatchObject({ kind: 'placed', order: { attach: null } })
    const again = await place({ ...ordered, attach: null, idempotencyKey: 'left-out' })
    expect(again).toMatchObject({ kind: 'placed' })
    expect(await place({ ...ordered, attach: 'x', idempotencyKey: 'left-out' })).toMatchObject({
      kind: 'conflict',
    })
  })

  test.each<[Given, string]>([
    [{ amount: 12 }, 'amount must be a bigint from 1n to 9007199254740991n (fen), not 12'],
    [{ amount: '12' }, 'amount must be a bigint from 1n to 9007199254740991n (fen), not "12"'],
    [
      { amount: undefined },
      'amount must be a bigint from 1n to 9007199254740991n (fen), not undefined',
    ],
    [{ amount: -12n }, 'amount must be a bigint from 1n to 9007199254740991n (fen), not -12n'],
    [{ amount: 0n }, 'amount must be a bigint from 1n to 9007199254740991n (fen), not 0n'],
    [{ amount: 10n ** 17n }, '(fen), not 100000000000000000n'],
    [{ userId: '' }, 'userId must have 1 to 64 characters, not ""'],
    [{ userId: 'u\u200b1' }, 'userId must not hold U+200B, which looks like nothing, not '],
    [{ userId: 7 }, 'userId must be a string, not 7'],
    [{ userId: 'a  b' }, 'userId must not hold two blanks in a row, not "a  b"'],
    [{ userId: 'x'.repeat(65) }, 'userId must have 1 to 64 characters, not "xxxx'],
    [{ description: '' }, 'description must have 1 to 127 characters, not ""'],
    [{ description: undefined }, 'description must be a string, not undefined'],
    [{ description: 'a\nb' }, 'description must not hold control characters or lone surrogates'],
    [{ attach: '\u{1F600}' }, 'attach must not hold emoji (4-byte characters)'],
    [{ attach: 'x'.repeat(129) }, 'attach must have 0 to 128 characters'],
    [{ idempotencyKey: undefined }, 'idempotencyKey must be a string, not undefined'],
    [
      { idempotencyKey: 'a b' },
      'idempotencyKey must be 1 to 128 visible ASCII characters, not "a b"',
    ],
    [{ appid: 'wx!' }, 'appid must be an app id, like wx0123…, not "wx!"'],
    [{ actor: 'me' }, 'actor must be { name, address }'],
    [{ actor: { name: '' } }, 'actor must be { name, address }'],
  ])('throws a TypeError for %o before anything is stored', async (wrong, said) => {
    const before = await orders()
    const placing = place({ ...ordered, idempotencyKey: 'wrong', ...wrong })
    await expect(placing).rejects.toThrow(TypeError)
    await expect(placing).rejects.toThrow(`Cannot place an order: `)
    await expect(placing).rejects.toThrow(said)
    expect(await orders()).toBe(before)
  })

  test('names each member that is wrong', async () => {
    await expect(place({ amount: 1 })).rejects.toThrow(
      /userId must .*; amount must .*; description must .*; idempotencyKey must /,
    )
    await expect(place(undefined as never)).rejects.toThrow(
      'Cannot place an order: the request must be an object, not undefined',
    )
  })
})

describe('adoptOrder() from plain JavaScript', () => {
  test('takes what is left out as null, and is the same order again', async () => {
    const orderNo = nextNo()
    expect(await adopt({ orderNo, ...adopted })).toMatchObject({
      kind: 'adopted',
      order: { description: '', expiresAt: null },
    })
    const again = { orderNo, ...adopted, description: null, createdAt: null, expiresAt: null }
    expect(await adopt(again)).toMatchObject({ kind: 'exists' })
  })

  test.each<[() => Given, string]>([
    [() => ({ orderNo: '坏 no' }), 'orderNo must be 6 to 32 of 0-9 A-Z a-z _ - | *, not "坏 no"'],
    [() => ({ orderNo: undefined }), 'orderNo must be a string, not undefined'],
    [() => ({ amount: 0n }), 'amount must be a bigint from 1n to 9007199254740991n (fen), not 0n'],
    [() => ({ amount: 1.5 }), 'amount must be a bigint'],
    [() => ({ userId: 'u\u200b1' }), 'userId must not hold U+200B'],
    [() => ({ description: 'x'.repeat(128) }), 'description must have 0 to 127 characters'],
    [() => ({ createdAt: '2026-01-24' }), 'createdAt must be a Date of the years 2000 to 2099'],
    [() => ({ createdAt: new Date(Number.NaN) }), 'not an invalid Date'],
    [() => ({ expiresAt: new Date(1e15) }), 'expiresAt must be a Date of the years 2000 to 2099'],
    [
      () => ({ createdAt: world.now(), expiresAt: new Date(+world.now() - minute) }),
      'expiresAt must be after createdAt, not 2026-01-24T06:59',
    ],
  ])('throws a TypeError before anything is stored: %o', async (wrong, said) => {
    const before = await orders()
    const adopting = adopt({ orderNo: nextNo(), ...adopted, ...wrong() })
    await expect(adopting).rejects.toThrow(TypeError)
    await expect(adopting).rejects.toThrow('Cannot adopt an order: ')
    await expect(adopting).rejects.toThrow(said)
    expect(await orders()).toBe(before)
  })
})

describe('what else an embedder calls with values', () => {
  test.each<[Given, string]>([
    [{}, 'it must hold one of userId, amount, expiresAt, appid'],
    [{ userId: null, amount: null }, 'it must hold one of userId, amount, expiresAt, appid'],
    [{ amount: 5 }, 'amount must be a bigint'],
    [{ userId: ' u' }, 'userId must not begin or end with a blank'],
    [{ expiresAt: '2026-01-25' }, 'expiresAt must be a Date'],
    [{ amount: 5n, reason: '' }, 'reason must have 1 to 500 characters, not blanks alone, not ""'],
    [{ amount: 5n, actor: undefined }, 'actor must be { name, address }'],
  ])('correctOrder() throws a TypeError for %o', async (wrong, said) => {
    const orderNo = nextNo()
    await adopt({ orderNo, ...adopted })
    const correcting = correct(orderNo, { reason: 'typo', actor, ...wrong })
    await expect(correcting).rejects.toThrow(TypeError)
    await expect(correcting).rejects.toThrow(said)
    expect(await world.order(orderNo)).toMatchObject({ userId: 'u1', amount: 1234n })
  })

  test('correctOrder() leaves what is null as it is, but for an end', async () => {
    const orderNo = nextNo()
    await adopt({ orderNo, ...adopted, expiresAt: new Date(+world.now() + 60 * minute) })
    const wanted = { userId: null, amount: 5n, expiresAt: null, reason: 'typo', actor }
    expect(await correct(orderNo, wanted)).toMatchObject({
      kind: 'corrected',
      order: { userId: 'u1', amount: 5n, expiresAt: null },
    })
  })

  const calls: [string, () => Promise<unknown>, string][] = [
    ['abandonOrder', () => budan.abandonOrder('VALUES1', {} as never), 'reason must be a string'],
    ['abandonOrder', () => budan.abandonOrder('VALUES1', undefined as never), 'actor must be'],
    [
      'abandonOrder',
      () => budan.abandonOrder(7 as never, { reason: 'x', actor }),
      'orderNo must be a string, not 7',
    ],
    [
      'correctOrder',
      () => correct(7, { amount: 5n, reason: 'x', actor }),
      'orderNo must be a string',
    ],
    ['checkOrder', () => budan.checkOrder(undefined as never), 'orderNo must be a string'],
    ['checkOrder', () => budan.checkOrder('VALUES1', { actor: 'me' as never }), 'actor must be'],
    ['previewReview', () => budan.previewReview(1n as never), 'orderNo must be a string, not 1n'],
    ['resolveReview', () => budan.resolveReview('VALUES1', {} as never), 'action must be one of'],
    [
      'traceTransaction',
      () => budan.traceTransaction(42 as never),
      'transactionId must be a string',
    ],
    ['receiveCallback', () => budan.receiveCallback({} as never), 'headers must be an object'],
    [
      'receiveCallback',
      () => budan.receiveCallback({ headers: {}, body: '{}' as never }),
      'body must be the bytes as they came',
    ],
    [
      'receiveCallback',
      () => budan.receiveCallback({ headers: new Headers() as never, body: new Uint8Array() }),
      'headers must be an object whose names are in lower-case letters',
    ],
    ['run', () => budan.run({ dryRun: 'no' as never }), 'dryRun must be true or false, not "no"'],
  ]
  test.each(calls)('%s() throws a TypeError, by %s: %s', async (_, call, said) => {
    const called = call()
    await expect(called).rejects.toThrow(TypeError)
    await expect(called).rejects.toThrow(said)
  })

  test('a number that is of no order is null, as one that is not here', async () => {
    expect(await budan.checkOrder('坏 no')).toBeNull()
    expect(await budan.previewReview('')).toBeNull()
    expect(await budan.abandonOrder('坏', { reason: 'x', actor })).toBeNull()
  })
})
