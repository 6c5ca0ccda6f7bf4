import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { imagePath, shippedImage } from '../../src/store/embedded/image.ts'
import { shipImage } from '../../src/store/embedded/make-image.ts'

/**
 * What the build ships, not packed: opening it takes half a second, making a new one four. The packed
 * one is put beside the sources, as the build puts it beside the program: tests that open a directory
 * unpack it, too.
 */
export async function pgliteImage(): Promise<string> {
  await shipImage()
  const folder = join(root, 'node_modules/.cache/budan')
  const file = join(folder, basename(imagePath(), '.br'))
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const writing = `${file}.${process.pid}`
  await pipeline(shippedImage(), createWriteStream(writing))
  renameSync(writing, file)
  return file
}

const root = join(import.meta.dirname, '../..')
