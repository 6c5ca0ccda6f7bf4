import { sql } from 'kysely'
import type { Event } from '../../src/domain/event.ts'
import { openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import { openDatabase } from '../../src/store/open.ts'
import { freshPostgresUrl } from '../../test/support/stores.ts'
import { configOf } from '../../test/support/world.ts'
import { drainEngine } from '../measure/drain-engine.ts'
import { countPaid, fillPending } from '../orders.ts'
import { recheckMins, type System, type SystemOptions, type Watch } from './system.ts'

/** Opens the real service, on a database of its own. */
export async function openBudan(options: SystemOptions): Promise<System> {
  const { gateway, concurrency, batchSize, watch } = options
  const database = await openDatabase(await freshPostgresUrl())
  const { merchant } = gateway
  const store = storeOn(database)
  const recharge = {
    compensationBatchSize: batchSize,
    compensationConcurrency: concurrency,
    compensationRecheckMins: [recheckMins],
  }
  const config = configOf(gateway, { merchant, recharge })
  const onEvent = (event: Event) => notifyWatch(watch, event)
  const budan = await openService(config, { store, engine: drainEngine, onEvent })
  return {
    place: (range) => fillPending(database, { ...range, age: 'an hour ago' }),
    vacuum: async () => void (await sql`vacuum (analyze)`.execute(database.patientDb)),
    start: async () => budan.start(),
    stop: () => budan.stop(),
    async countCredited(range) {
      const audit = await store.audit()
      const faults = Object.values(audit).some((count) => count !== 0)
      if (faults) throw new Error(`The audit found ${JSON.stringify(audit)}`)
      return countPaid(database, range)
    },
    close: () => budan.close(),
  }
}

function notifyWatch(watch: Watch, event: Event): void {
  switch (event.type) {
    case 'order_answered':
      watch.answered(event.orderNo, { credited: false })
      break
    case 'order_credited':
      watch.answered(event.orderNo, { credited: true })
      break
    case 'order_unanswered':
      watch.failed(new Error(event.message))
      break
    case 'settle_failed':
    case 'tick_failed':
      watch.failed(event.error)
  }
}
