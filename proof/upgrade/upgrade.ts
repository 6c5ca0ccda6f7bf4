import { readBooks } from './compare.ts'
import { failuresIn, type Playing, phase } from './part.ts'
import type { Purchase } from './traffic.ts'
import { breakingStep, sharedStep } from './version-before.ts'

/**
 *   two nodes of before ─► one of each ─► two of now ─► several merchants ─► the breaking step ─► equal numbers
 *
 * as docs/operations.md says it, with callers and payers all the time.
 */
export async function playUpgrade(playing: Playing): Promise<void> {
  const { cluster, traffic, stage, expect } = playing
  const [first, second] = stage.parties
  const only = [first]
  for (const place of [0, 1]) {
    const isReady = await cluster.replace(place, { version: 'before', parties: only })
    expect(isReady, 'a node of before did not start')
  }
  await phase(playing, { name: 'two of before', parties: only })

  traffic.phase = 'one is replaced'
  expect(await cluster.replace(0, { version: 'now', parties: only }), 'the first of now')
  await hasSteps(playing, { has: sharedStep, lacks: breakingStep })
  await phase(playing, { name: 'one of each', parties: only })

  traffic.phase = 'the other is replaced, and a merchant added'
  expect(await cluster.replace(1, { version: 'now', parties: only }), 'the second of now')
  for (const place of [0, 1]) {
    const isReady = await cluster.replace(place, { version: 'now', parties: stage.parties })
    expect(isReady, 'a node with two merchants')
  }
  await phase(playing, { name: 'two merchants, one step', parties: stage.parties })
  const taken = equalNumbers(traffic.purchases, playing)
  await equalIsRefused(playing, taken)
  await phase(playing, { name: 'after equal numbers were refused', parties: stage.parties })

  traffic.phase = 'the breaking step'
  const step = await cluster.run('now', ['migrate', '--breaking'])
  expect(step.code === 0, `migrate --breaking: ${step.output}`)
  await hasSteps(playing, { has: breakingStep, lacks: null })
  await phase(playing, { name: 'two steps', parties: stage.parties })

  for (const orderNo of taken.numbers) {
    const reply = await traffic.adopt(second, orderNo)
    expect(reply?.status === 201, `${orderNo} at the second merchant: ${reply?.status}`)
    const isPaid = await traffic.pay({ party: second, orderNo }, { callback: false })
    expect(isPaid, `${orderNo} at the second merchant is not paid`)
  }
  for (const key of taken.keys) {
    const reply = await traffic.place(second, key)
    expect(reply?.status === 201, `the key ${key} at the second merchant: ${reply?.status}`)
  }
  await phase(playing, { name: 'equal numbers', parties: stage.parties })
  playing.findings.push(...failuresIn(traffic))
}

interface Taken {
  readonly numbers: readonly string[]
  readonly keys: readonly string[]
}

/** Of the first merchant's orders, under whichever version they came. */
function equalNumbers(purchases: readonly Purchase[], { stage }: Playing): Taken {
  const own = purchases.filter(
    ({ party, acknowledged }) => acknowledged && party === stage.parties[0],
  )
  const some = <T>(all: readonly T[]) => [...all.slice(0, 5), ...all.slice(-5)]
  return {
    numbers: some(own.flatMap(({ orderNo, key }) => (key === null && orderNo ? [orderNo] : []))),
    keys: some(own.flatMap(({ key }) => (key === null ? [] : [key]))),
  }
}

async function equalIsRefused({ traffic, stage, expect }: Playing, taken: Taken): Promise<void> {
  const [, second] = stage.parties
  expect(taken.numbers.length > 0 && taken.keys.length > 0, 'no numbers and keys to try')
  for (const orderNo of taken.numbers) {
    const reply = await traffic.adopt(second, orderNo)
    expect(isPending(reply), `${orderNo} too early: ${reply?.status} ${reply?.body.code}`)
  }
  for (const key of taken.keys) {
    const reply = await traffic.place(second, key)
    expect(isPending(reply), `the key ${key} too early: ${reply?.status} ${reply?.body.code}`)
  }
}

function isPending(reply: Awaited<ReturnType<Playing['traffic']['adopt']>>): boolean {
  return reply?.status === 409 && reply.body.code === 'upgrade_pending'
}

async function hasSteps(
  { cluster, expect }: Playing,
  { has, lacks }: { has: string; lacks: string | null },
): Promise<void> {
  const { steps } = await readBooks(cluster.databaseUrl)
  expect(steps.includes(has), `the database has not ${has}`)
  if (lacks !== null) expect(!steps.includes(lacks), `the database has ${lacks} too early`)
}
