import { Closing } from './closing.ts'
import { openStage } from './stage.ts'
import { openPgBoss } from './peers/pg-boss.ts'
import { openPgBoss as openB } from './peers/zz-boss-b.ts'
import { Watch } from './peers/system.ts'
import { paidOrders } from './orders.ts'
import { time } from './stopwatch.ts'
const closing = new Closing()
try {
  const stage = await openStage({ closing, stores: ['postgres'], size: 'tiny', repetitions: 1 })
  const gateway = await stage.gateway()
  const o = () => ({ gateway, concurrency: 5, batchSize: 6, watch: new Watch() })
  const oa = o(), ob = o(), oc = o()
  process.env.BB = '50'; const b = await openB(ob)
  process.env.BB = '100'; const c = await openB(oc)
  const all = [['5x20', await openPgBoss(oa), oa.watch], ['1x50', b, ob.watch], ['1x100', c, oc.watch]] as const
  await gateway.sign(paidOrders({ first: 0, count: 2000 }))
  const n = 250
  const sums: Record<string, number[]> = {}
  for (let i = 0; i < 8; i++) for (const [name, s, w] of all) {
    await s.place({ ...gateway.merchant, first: i * n, count: n })
    if (i % 3 === 0) await s.settleDown()
    const c = w.credits(n)
    const lap = await time(n, async () => { await s.start(); await c })
    await s.stop()
    if (i) (sums[name] ??= []).push(lap.seconds, )
    if (i) (sums[name + ' cpu'] ??= []).push(lap.cpuSeconds)
  }
  for (const [k, v] of Object.entries(sums)) console.log(k, (n * v.length / v.reduce((a, b) => a + b)).toFixed(0), '/s', v.map((x) => x.toFixed(2)).join(' '))
  for (const [, s] of all) await s.close()
} catch (e) { console.error(e) } finally { await closing.close() }
