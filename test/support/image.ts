import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { makeImage } from '../../src/store/embedded/make-image.ts'

/** What the build ships, not packed: opening it takes half a second, making a new one four. */
export async function pgliteImage(): Promise<string> {
  const folder = join(root, 'node_modules/.cache/budan')
  const file = join(folder, `pglite-${schemaFingerprint()}.tar`)
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const writing = `${file}.${process.pid}`
  writeFileSync(writing, await makeImage())
  renameSync(writing, file)
  return file
}

const root = join(import.meta.dirname, '../..')

/** Of the migrations and the database's version: whatever decides how the image looks. */
function schemaFingerprint(): string {
  const migrations = join(root, 'src/store/migrations')
  const texts = readdirSync(migrations)
    .sort()
    .map((name) => readFileSync(join(migrations, name), 'utf8'))
  const pglite = readFileSync(join(root, 'node_modules/@electric-sql/pglite/package.json'), 'utf8')
  return createHash('sha256')
    .update(JSON.stringify([texts, JSON.parse(pglite).version]))
    .digest('hex')
    .slice(0, 16)
}
