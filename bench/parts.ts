import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase } from '../src/store/open.ts'
import { openPglite } from '../src/store/pglite.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { freshPostgresUrl, makePostgresTemplate, pgliteImage } from '../test/support/stores.ts'
import { benchClaiming } from './claiming.ts'
import type { Closing } from './closing.ts'
import { benchCrediting } from './crediting.ts'
import type { Figure } from './figure.ts'
import { type InstantGateway, startInstantGateway } from './gateway/start.ts'
import type { BenchOptions, Part, StoreKind } from './options.ts'
import { benchPages } from './pages.ts'
import { openWorkplace } from './program.ts'
import { benchMemory } from './run-memory.ts'
import { benchServe } from './serve-ready.ts'

interface Stage {
  readonly options: BenchOptions
  readonly gateway: InstantGateway
  readonly closing: Closing
}

/** Runs what was asked for, one part after the other. `tell` hears of each before it begins. */
export async function benchParts(
  options: BenchOptions,
  { closing, tell }: { closing: Closing; tell: (part: string) => void },
): Promise<readonly Figure[]> {
  const gateway = closing.add(await startInstantGateway(), (started) => started.stop())
  if (options.stores.includes('postgres')) {
    const server = closing.add(await startPostgres(), (started) => started.stop())
    await makePostgresTemplate(server.url)
  }
  const stage = { options, gateway, closing }
  const figures: Figure[] = []
  for (const { name, bench } of partsOf(stage)) {
    tell(name)
    figures.push(...(await bench()))
  }
  return figures
}

interface NamedPart {
  readonly name: string
  readonly bench: () => Promise<readonly Figure[]>
}

function partsOf(stage: Stage): readonly NamedPart[] {
  const { options } = stage
  const perStore = (part: Part, bench: (kind: StoreKind) => Promise<readonly Figure[]>) =>
    options.stores.map((kind) => ({ part, kind, bench: () => bench(kind) }))
  return [
    ...perStore('crediting', (kind) => creditingOn(kind, stage)),
    ...perStore('claiming', (kind) => claimingOn(kind, stage)),
    ...perStore('pages', (kind) => pagesOn(kind, stage)),
    { part: 'serve' as const, kind: 'pglite' as const, bench: () => serving(stage) },
    { part: 'memory' as const, kind: 'postgres' as const, bench: () => remembering(stage) },
  ]
    .filter(({ part, kind }) => options.parts.includes(part) && options.stores.includes(kind))
    .map(({ part, kind, bench }) => ({ name: `${part} on ${kind}`, bench }))
}

async function creditingOn(kind: StoreKind, { options, gateway, closing }: Stage) {
  const { orders, slice, repetitions, concurrency, logLevel } = options
  const database = await freshDatabase(kind, closing)
  return benchCrediting({ database, gateway, orders, slice, repetitions, concurrency, logLevel })
}

async function claimingOn(kind: StoreKind, { options, closing }: Stage) {
  const { small, large, claims } = options.claiming[kind]
  return benchClaiming({
    small: { database: await freshDatabase(kind, closing), orders: small },
    large: { database: await freshDatabase(kind, closing), orders: large },
    repetitions: options.repetitions,
    claims,
  })
}

async function pagesOn(kind: StoreKind, { options, gateway, closing }: Stage) {
  const { small, large, requests } = options.pages[kind]
  return benchPages({
    gateway,
    small: { database: await freshDatabase(kind, closing), orders: small },
    large: { database: await freshDatabase(kind, closing), orders: large },
    repetitions: options.repetitions,
    requests,
  })
}

function serving({ options, gateway, closing }: Stage) {
  const { serveOrders: orders, repetitions } = options
  return benchServe({ gateway, closing, orders, repetitions })
}

async function remembering({ options, gateway, closing }: Stage) {
  const { memoryOrders: orders, repetitions } = options
  const databaseUrl = await freshPostgresUrl()
  return benchMemory({ gateway, closing, databaseUrl, orders, repetitions })
}

/** Empty and migrated. The embedded one lies in a directory, as in use, not in memory. */
async function freshDatabase(kind: StoreKind, closing: Closing) {
  if (kind === 'postgres') {
    return closing.add(await openDatabase(await freshPostgresUrl()), ({ close }) => close())
  }
  const workplace = closing.add(await openWorkplace(), ({ remove }) => remove())
  const image = new Blob([await readFile(await pgliteImage())])
  const directory = join(workplace.path, 'data')
  return closing.add(await openPglite({ directory, image }), ({ close }) => close())
}
