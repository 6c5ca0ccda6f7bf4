/** A process that opens the service for many merchants without orders, and says how much memory it has. */
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openService } from '../../src/service.ts'
import { openStore } from '../../src/store/open.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { companyOf, mchidsOf } from './company.ts'

export interface IdleRequest {
  readonly gateway: Pick<InstantGateway, 'url' | 'merchant'>
  readonly databaseUrl: string
  readonly merchants: number
}

export interface IdleAnswer {
  readonly residentBytes: number
}

process.on('message', async ({ gateway, databaseUrl, merchants }: IdleRequest) => {
  const config = companyOf(gateway, { mchids: mchidsOf(merchants), recharge: {} })
  const budan = await openService(config, { store: await openStore(databaseUrl) })
  for (let run = 0; run < 2; run += 1) await budan.run({ dryRun: false })
  const residentBytes = await settledBytes()
  await budan.close()
  process.send?.({ residentBytes } satisfies IdleAnswer)
})
process.on('disconnect', () => process.exit())
process.send?.({ residentBytes: 0 } satisfies IdleAnswer)

/** The least of a few readings, each after a collection of garbage. */
async function settledBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const readings: number[] = []
  for (let reading = 0; reading < 5; reading += 1) {
    collect()
    await delay(100)
    readings.push(process.memoryUsage.rss())
  }
  return Math.min(...readings)
}
