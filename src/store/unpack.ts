import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { readTar } from './tar.ts'

/** PGlite takes a directory that holds this for a database, and any other for a place to make one. */
const knownBy = 'PG_VERSION'

const unfinished = '.unpacking'
const whole = '.unpacked'

type Image = () => Promise<AsyncIterable<Uint8Array>>

/**
 * Makes sure that a directory holds a database: the one that it holds, or a new one, from the first
 * of the images that can be read. Killed at any moment, it has left no database that is not whole,
 * and the next call goes on:
 *
 *     .unpacking ──► .unpacked ──► its files move up, the one by which PGlite knows a database last
 *
 * All of it happens inside the directory, because a container's volume cannot be renamed. Only the
 * two folders above are ever removed; throws where a file of somebody else is in the way.
 */
export async function unpackOnce(directory: string, images: readonly Image[]): Promise<void> {
  if (!existsSync(join(directory, knownBy))) {
    if (!existsSync(join(directory, whole))) await unpackFirst(directory, images)
    moveUp(directory)
  }
  if (existsSync(join(directory, whole))) rmdirSync(join(directory, whole))
}

async function unpackFirst(directory: string, images: readonly Image[]): Promise<void> {
  const failures: unknown[] = []
  for (const image of images) {
    try {
      return await unpack(directory, image)
    } catch (error) {
      failures.push(error)
    }
  }
  throw failures.at(-1)
}

async function unpack(directory: string, image: Image): Promise<void> {
  const folder = join(directory, unfinished)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  remove()
  try {
    mkdirSync(folder)
    for await (const { name, isFolder, mode, bytes } of readTar(await image())) {
      if (isFolder) mkdirSync(join(folder, name), { mode })
      else writeFileSync(join(folder, name), bytes, { mode })
    }
    renameSync(folder, join(directory, whole))
  } catch (error) {
    remove()
    throw error
  }
}

function moveUp(directory: string): void {
  const names = readdirSync(join(directory, whole)).filter((name) => name !== knownBy)
  const taken = names.find((name) => existsSync(join(directory, name)))
  if (taken !== undefined) {
    rmSync(join(directory, whole), { recursive: true })
    throw new Error(
      `"${join(directory, taken)}" is in the way, and not of a whole database: take another directory, or move it away`,
    )
  }
  for (const name of [...names, knownBy]) {
    renameSync(join(directory, whole, name), join(directory, name))
  }
}
