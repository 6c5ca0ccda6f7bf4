import { Closing } from '/work/main/bench/closing.ts'
import { openStage } from '/work/main/bench/stage.ts'
import { peers } from '/work/main/bench/peers.ts'
const closing = new Closing()
const size = (process.argv[2] ?? 'tiny') as any
const repetitions = Number(process.argv[3] ?? 1)
try {
  const stage = await openStage({ closing, stores: ['postgres'], size, repetitions })
  const t = performance.now()
  const figures = await peers.bench(stage)
  console.log('took', ((performance.now() - t) / 1000).toFixed(1), 's')
  for (const f of figures) console.log(f.median.toFixed(3), '±', f.spread.toFixed(3), f.unit, f.goal ? JSON.stringify(f.goal) : '', f.name)
} catch (e) { console.error(e) } finally { await closing.close() }
