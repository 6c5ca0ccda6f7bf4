import { failuresIn, type Playing, phase } from './part.ts'
import type { Purchase } from './traffic.ts'
import { breakingStep } from './version-before.ts'

/**
 * What docs/operations.md warns of: a node of the version before goes on after the breaking step. Nothing
 * may be credited wrongly or lost by it.
 */
export async function playStraggler(playing: Playing): Promise<void> {
  const { cluster, traffic, stage, expect } = playing
  const [first, second] = stage.parties
  await cluster.replace(1, { version: 'before', parties: [first] })
  await cluster.replace(0, { version: 'now', parties: stage.parties })
  await phase(playing, { name: 'a straggler', parties: stage.parties })

  traffic.phase = 'the breaking step beside it'
  const numbersOfSecond = acknowledged(traffic.purchases, second)
  const numbersOfFirst = acknowledged(traffic.purchases, first)
  const step = await cluster.run('now', ['migrate', '--breaking'])
  expect(step.code === 0, `migrate --breaking: ${step.output}`)
  await phase(playing, { name: 'a straggler after the step', parties: stage.parties })

  // The straggler takes a number for taken that another merchant has; a node of now does not.
  for (const orderNo of numbersOfSecond) {
    const reply = await traffic.adopt(first, orderNo, 'before')
    expect(reply?.status === 409, `${orderNo} at the straggler: ${reply?.status}`)
    await adoptAndPay(playing, first, orderNo)
  }
  for (const orderNo of numbersOfFirst) await adoptAndPay(playing, second, orderNo)
  await phase(playing, { name: 'equal numbers beside it', parties: stage.parties })
  const ready = await traffic.read(first, '/readyz', 'before')
  expect(ready?.status === 503, `/readyz of the straggler: ${ready?.status}`)
  expect(JSON.stringify(ready?.body).includes(breakingStep), '/readyz does not name the step')

  traffic.phase = 'it is stopped'
  await cluster.stop(1)
  await phase(playing, { name: 'without it', parties: stage.parties })
  const isReady = await cluster.replace(1, { version: 'before', parties: [first] })
  expect(!isReady, 'a node of before started on the newer schema')
  await cluster.replace(1, { version: 'now', parties: stage.parties })
  playing.findings.push(...failuresIn(traffic))
}

function acknowledged(purchases: readonly Purchase[], owner: Purchase['party']): readonly string[] {
  return purchases
    .filter(({ party, key, acknowledged: isHere }) => isHere && key === null && party === owner)
    .flatMap(({ orderNo }) => orderNo ?? [])
    .slice(-10)
}

/** The callback comes to whichever node is next. */
async function adoptAndPay(
  { traffic, expect }: Playing,
  ...[party, orderNo]: [Purchase['party'], string]
): Promise<void> {
  const reply = await traffic.adopt(party, orderNo, 'now')
  expect(reply?.status === 201, `${orderNo} for ${party.name}: ${reply?.status}`)
  expect(await traffic.pay({ party, orderNo }, { callback: true }), `${orderNo} is not paid`)
}
