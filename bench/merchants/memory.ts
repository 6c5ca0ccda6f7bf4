/** Measures what a merchant without orders costs in memory. */
import { type Figure, figure } from '../figure.ts'
import { forkModule } from '../forked/fork-module.ts'
import { firstRepetition, type Stage } from '../part.ts'
import type { IdleAnswer, IdleRequest } from './idle.ts'
import type { Amount } from './merchants.ts'

const kbMax = 200

export async function benchMemory(
  stage: Stage,
  { manyMerchants }: Amount,
): Promise<readonly Figure[]> {
  const kb: number[] = []
  for (let repetition = firstRepetition(stage); repetition <= stage.repetitions; repetition += 1) {
    const few = await residentBytes(stage, 1)
    const many = await residentBytes(stage, manyMerchants)
    if (repetition > 0) kb.push(Math.max(0.1, (many - few) / (manyMerchants - 1) / 1000))
  }
  return [
    figure(`memory of each of ${manyMerchants} merchants without orders`, {
      ...{ unit: 'kB', values: kb, goal: { kind: 'at most', value: kbMax } },
    }),
  ]
}

/** Of a process that has the service open, after two runs. */
async function residentBytes(stage: Stage, merchants: number): Promise<number> {
  const { url, merchant } = await stage.gateway()
  const databaseUrl = await stage.freshPostgresUrl()
  const child = await forkModule<IdleRequest, IdleAnswer>(new URL('./idle.ts', import.meta.url))
  await child.nextMessage()
  const answer = await child.send({ gateway: { url, merchant }, databaseUrl, merchants })
  await child.stop()
  return answer.residentBytes
}
