/** How long `serve` takes, on an embedded database that is there already, to its ready line. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openPglite } from '../src/store/pglite.ts'
import { pgliteImage } from '../test/support/stores.ts'
import type { Closing } from './closing.ts'
import { type Figure, figure } from './figure.ts'
import type { InstantGateway } from './gateway/start.ts'
import { fillPending, payAll } from './orders.ts'
import type { Part, Size } from './part.ts'
import { configure, openWorkplace, startProgram, stopProgram } from './program.ts'

const ordersOf: Readonly<Record<Size, number>> = { full: 10_000, quick: 10_000, tiny: 40 }

export const serve: Part = {
  name: 'serve',
  target: 9,
  about: 'how long `serve` takes to be ready',
  bench: async (stage) =>
    benchServe({
      gateway: await stage.gateway(),
      closing: stage.closing,
      orders: ordersOf[stage.size],
      repetitions: stage.repetitions,
    }),
}

interface ServeOptions {
  readonly gateway: InstantGateway
  readonly closing: Closing
  /** In the database; a twentieth of them are pending. */
  readonly orders: number
  readonly repetitions: number
}

const readySecondsMax = 2

async function benchServe(options: ServeOptions): Promise<readonly Figure[]> {
  const { gateway, closing, orders, repetitions } = options
  const workplace = closing.add(await openWorkplace(), ({ remove }) => remove())
  const directory = join(workplace.path, 'data')
  await configure(workplace, { gateway, databaseUrl: `pglite:${directory}`, recharge: {} })
  await fillDirectory(directory, options)
  const seconds: number[] = []
  for (let repetition = 0; repetition <= repetitions; repetition += 1) {
    const ready = await startOnce(workplace.path, closing)
    // The first fills the system's file cache.
    if (repetition > 0) seconds.push(ready)
  }
  return [
    figure(`pglite: serve ready on an existing directory of ${orders} orders`, {
      unit: 's',
      values: seconds,
      goal: { kind: 'at most', value: readySecondsMax },
    }),
  ]
}

async function fillDirectory(directory: string, { orders, gateway }: ServeOptions): Promise<void> {
  const image = new Blob([await readFile(await pgliteImage())])
  const database = await openPglite({ directory, image })
  try {
    const { mchid, appid } = gateway.merchant
    const range = { first: 0, count: orders, mchid, appid }
    // Too young to be asked about: the run at the start finds nothing, as it mostly does.
    await fillPending(database, { ...range, age: 'now' })
    await payAll(database, { ...range, count: Math.floor(orders * 0.95) })
  } finally {
    await database.close()
  }
}

async function startOnce(cwd: string, closing: Closing): Promise<number> {
  const started = performance.now()
  const program = closing.add(startProgram(['serve'], { cwd }), stopProgram)
  await program.printed(/ready at/)
  const seconds = (performance.now() - started) / 1000
  await stopProgram(program)
  await program.ended
  return seconds
}
