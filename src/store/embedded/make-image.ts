import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import { PGlite } from '@electric-sql/pglite'
import { storeOn } from '../assemble.ts'
import type { Migrations } from '../migrations/index.ts'
import { imagePath, imagePrefix } from './image.ts'
import { onPglite } from './pglite.ts'

const compress = promisify(brotliCompress)

/** A tar of an embedded database that was made and migrated step by step. */
export async function makeImage(migrations?: Migrations): Promise<Uint8Array<ArrayBuffer>> {
  const pglite = await PGlite.create('memory://')
  const store = storeOn(await onPglite(pglite, { name: 'pglite:memory', lock: null }), {
    ...(migrations && { migrations }),
  })
  try {
    await store.migrate()
    const image = await pglite.dumpDataDir('none')
    return new Uint8Array(await image.arrayBuffer())
  } finally {
    await store.close()
  }
}

/** The last step of the build: packs the image that the program is shipped with, unless it is there. */
export async function shipImage(): Promise<void> {
  const path = imagePath()
  const folder = dirname(path)
  const found = readdirSync(folder).filter(
    (name) => name.startsWith(imagePrefix) && name.endsWith('.br'),
  )
  if (found.includes(basename(path))) return
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, await compress(await makeImage(), { params }))
  renameSync(unfinished, path)
  // Of other migrations, or another PGlite.
  for (const name of found) rmSync(join(folder, name), { force: true })
}

/** An empty database holds nearly the same tables three times over: a window this wide sees that. */
const params = {
  [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  [constants.BROTLI_PARAM_QUALITY]: 9,
}
