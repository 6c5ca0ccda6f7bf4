import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createBrotliDecompress } from 'node:zlib'
import { packageRoot, resolvePackaged } from '../../package-root.ts'

export const imagePrefix = 'empty-'

/** Beside the built program. Its name goes with whatever decides how an empty database looks. */
export function imagePath(): string {
  return join(storeFolder().folder, `${imagePrefix}${fingerprint()}.tar.br`)
}

/**
 * An empty, migrated embedded database, packed by the build: unpacking it takes a tenth of the time,
 * and half of the memory, of making one. Reading it fails where the program was not built, or not by
 * the migrations and the PGlite that are there now.
 */
export function shippedImage(): Readable {
  // The reader gets the error of either stream.
  return pipeline(createReadStream(imagePath()), createBrotliDecompress({ chunkSize }), () => {})
}

/** A megabyte at a time: each piece is a wait for another thread. */
const chunkSize = 1024 * 1024

/** A bundle does not lie beside the migrations; it was made of those in `dist/`. */
function storeFolder(): { readonly folder: string; readonly extension: string } {
  const store = join(dirname(fileURLToPath(import.meta.url)), '..')
  return existsSync(join(store, 'migrations'))
    ? { folder: store, extension: extname(import.meta.url) }
    : { folder: join(packageRoot(), 'dist/store'), extension: '.js' }
}

/** Of the migrations' texts, not their names: one that is not released yet may still change. */
function fingerprint(): string {
  const { folder, extension } = storeFolder()
  const migrations = join(folder, 'migrations')
  const texts = readdirSync(migrations)
    .filter((name) => extname(name) === extension)
    .sort()
    .map((name) => readFileSync(join(migrations, name), 'utf8'))
  return createHash('sha256')
    .update(JSON.stringify([pgliteVersion(), texts]))
    .digest('hex')
    .slice(0, 16)
}

function pgliteVersion(): unknown {
  const entry = resolvePackaged('@electric-sql/pglite')
  const text = readFileSync(join(dirname(entry), '../package.json'), 'utf8')
  return (JSON.parse(text) as { version: unknown }).version
}
