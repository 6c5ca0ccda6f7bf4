/**
 * Measures how long the program takes to start: `serve` until its ready line, `--help` until its
 * end.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openPglite } from '../../src/store/embedded/pglite.ts'
import { pgliteImage } from '../../test/support/image.ts'
import { type Figure, figure } from '../figure.ts'
import { fillPending, payAll } from '../orders.ts'
import { firstRepetition, type Part, type Size, type Stage } from '../part.ts'
import { configure, openWorkplace, startProgram, stopProgram, type Workplace } from '../program.ts'

/** Orders in the existing directory; a twentieth of them are pending. */
const ordersOf: Readonly<Record<Size, number>> = { full: 10_000, quick: 10_000, tiny: 40 }

const existingSecondsMax = 1
const newSecondsMax = 2
const newMegabytesMax = 450
const helpSecondsMax = 0.15

export const start: Part = {
  name: 'start',
  target: 9,
  about:
    'how long `serve` takes to be ready on a directory that is there, and on a new one; and `--help`',
  bench: benchStart,
}

async function benchStart(stage: Stage): Promise<readonly Figure[]> {
  const existing = await openService(stage)
  await fillDirectory(existing, stage)
  const fresh = await openService(stage)
  const measured: Measured[] = []
  for (let repetition = firstRepetition(stage); repetition <= stage.repetitions; repetition += 1) {
    const times = await measure(stage, { existing, fresh })
    if (repetition > 0) measured.push(times)
  }
  const of = (key: keyof Measured) => measured.map((one) => one[key])
  const orders = ordersOf[stage.size]
  return [
    bounded(`pglite: serve ready on an existing directory of ${orders} orders`, 's', {
      values: of('existing'),
      max: existingSecondsMax,
    }),
    bounded('pglite: serve ready on a new directory', 's', {
      values: of('fresh'),
      max: newSecondsMax,
    }),
    bounded('pglite: peak memory of serve on a new directory', 'MB', {
      values: of('freshMegabytes'),
      max: newMegabytesMax,
    }),
    bounded('budan --help', 's', { values: of('help'), max: helpSecondsMax }),
    bounded('budan serve --help, in Chinese', 's', { values: of('helpZh'), max: helpSecondsMax }),
  ]
}

function bounded(name: string, unit: string, { values, max }: { values: number[]; max: number }) {
  return figure(name, { unit, values, goal: { kind: 'at most', value: max } })
}

/** The values of one repetition. */
interface Measured {
  readonly existing: number
  readonly fresh: number
  readonly freshMegabytes: number
  readonly help: number
  readonly helpZh: number
}

interface Service extends Workplace {
  /** The directory of its embedded database. */
  readonly directory: string
}

async function openService({ closing, gateway }: Stage): Promise<Service> {
  const workplace = closing.add(await openWorkplace(), ({ remove }) => remove())
  const directory = join(workplace.path, 'data')
  await configure(workplace, {
    ...{ gateway: await gateway(), databaseUrl: `pglite:${directory}`, recharge: {} },
  })
  return { ...workplace, directory }
}

async function fillDirectory({ directory }: Service, { size, gateway }: Stage): Promise<void> {
  const image = new Blob([await readFile(await pgliteImage())])
  const database = await openPglite({ directory, image })
  try {
    const { mchid, appid } = (await gateway()).merchant
    const range = { first: 0, count: ordersOf[size], mchid, appid }
    // The orders are too young to be queried: the run at the start finds nothing, which is the
    // usual case.
    await fillPending(database, { ...range, age: 'now' })
    await payAll(database, { ...range, count: Math.floor(range.count * 0.95) })
  } finally {
    await database.close()
  }
}

async function measure(
  stage: Stage,
  { existing, fresh }: { existing: Service; fresh: Service },
): Promise<Measured> {
  const { seconds } = await untilReady(stage, existing)
  // A new directory each time, because a file system may be slow to reuse a name deleted just now.
  const directory = join(fresh.path, `data-${performance.now()}`)
  const made = await untilReady(stage, { ...fresh, directory })
  return {
    existing: seconds,
    fresh: made.seconds,
    freshMegabytes: made.megabytes,
    help: await untilEnd(stage, { args: ['--help'], cwd: fresh.path, lang: 'en_US.UTF-8' }),
    helpZh: await untilEnd(stage, {
      ...{ args: ['serve', '--help'], cwd: fresh.path, lang: 'zh_CN.UTF-8' },
    }),
  }
}

const hook = fileURLToPath(new URL('./peak-memory.mjs', import.meta.url))

async function untilReady(
  { closing }: Stage,
  { path, directory }: Service,
): Promise<{ seconds: number; megabytes: number }> {
  const peakFile = join(path, 'peak')
  const started = performance.now()
  const program = startProgram(['serve'], {
    cwd: path,
    env: { BENCH_PEAK_FILE: peakFile, DATABASE_URL: `pglite:${directory}` },
    nodeArgs: ['--import', hook],
  })
  closing.add(program, stopProgram)
  await program.printed(/ready at/)
  const seconds = (performance.now() - started) / 1000
  await stopProgram(program)
  await program.ended
  return { seconds, megabytes: Number(await readFile(peakFile, 'utf8')) / 1e6 }
}

async function untilEnd(
  { closing }: Stage,
  { args, cwd, lang }: { args: readonly string[]; cwd: string; lang: string },
): Promise<number> {
  const started = performance.now()
  const program = closing.add(startProgram(args, { cwd, env: { LANG: lang } }), stopProgram)
  await program.ended
  return (performance.now() - started) / 1000
}
