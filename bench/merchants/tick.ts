/** Counts the statements of a tick of many merchants, few of whom have due orders. */
import type { Engine, Work } from '../../src/queue/engine.ts'
import { localEngine } from '../../src/queue/local.ts'
import { openService } from '../../src/service.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { type Figure, figure } from '../figure.ts'
import { StatementCounter } from '../measure/statements.ts'
import { fillPending, paidOrders, vacuum } from '../orders.ts'
import type { Stage } from '../part.ts'
import { companyOf, mchidsOf } from './company.ts'
import type { Amount } from './merchants.ts'

const statementsMax = 10

export async function benchTick(
  stage: Stage,
  { manyMerchants, busy, intervalSeconds }: Amount,
): Promise<readonly Figure[]> {
  const url = await stage.freshPostgresUrl()
  const counter = stage.closing.add(await StatementCounter.to(url), (one) => one.close())
  const gateway = await stage.gateway()
  const mchids = mchidsOf(manyMerchants)
  const mins = intervalSeconds / 60
  const recharge = { compensationIntervalMins: mins, compensationRecheckMins: [mins] }
  const ticking = tickingEngine()
  const config = companyOf(gateway, { mchids, recharge })
  const budan = await openService(config, {
    store: await openStore(counter.url),
    engine: ticking.engine,
  })
  const database = await openDatabase(url)
  const { appid } = gateway.merchant
  for (const [nth, mchid] of mchids.slice(0, busy).entries()) {
    const range = { first: nth, count: 1, mchid, appid }
    await fillPending(database, { ...range, age: 'an hour ago' })
    await gateway.sign(paidOrders(range), { mchid, tradeState: 'NOTPAY', beside: nth > 0 })
  }
  await vacuum(database)
  await database.close()
  budan.start()
  const statements: number[] = []
  const own: number[] = []
  for (let repetition = 0; repetition <= stage.repetitions; repetition += 1) {
    counter.take()
    await ticking.tick()
    const seen = counter.take()
    if (repetition === 0) continue
    statements.push(seen.length)
    own.push(seen.filter((text) => !isOfAnOrder(text)).length)
  }
  await budan.stop()
  await budan.close()
  const name = `statements of a tick of ${manyMerchants} merchants, ${busy} with a due order`
  return [
    figure(`${name}, without those of its queries and answers`, {
      ...{ unit: 'statements', values: own, goal: { kind: 'at most', value: statementsMax } },
    }),
    figure(name, { unit: 'statements', values: statements }),
  ]
}

/** A reservation in the quota, what an answer writes, or the settings of a connection just opened. */
function isOfAnOrder(text: string): boolean {
  return /\bquota_lines\b|\border_events\b|^set statement_timeout\b/.test(text)
}

/** An engine whose ticks the bench calls. */
function tickingEngine(): { readonly engine: Engine; tick(): Promise<void> } {
  let begun: (work: Work) => void = () => undefined
  const beginning = new Promise<Work>((resolve) => {
    begun = resolve
  })
  const abort = new AbortController()
  return {
    engine: {
      run: async (work, signal) => {
        begun(work)
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        abort.abort()
      },
      vitals: localEngine.vitals,
    },
    async tick() {
      const work = await beginning
      // The tick after one that found its slot taken has the next.
      for (;;) {
        const { kind, nextInMs } = await work.tick(abort.signal)
        if (kind === 'failed') throw new Error('A tick failed')
        await new Promise((resolve) => setTimeout(resolve, nextInMs + 5))
        if (kind === 'ran') return
      }
    },
  }
}
