import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readTar, type TarEntry } from './tar.ts'

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
 * two folders above are ever removed; throws where a file of somebody else is in the way. Where others
 * may write in the directory, a link of theirs is in the way too: none is ever followed.
 */
export async function unpackOnce(directory: string, images: readonly Image[]): Promise<void> {
  if (!existsSync(join(directory, knownBy))) {
    if (!isFolder(join(directory, whole))) await unpackFirst(directory, images)
    moveUp(directory)
  }
  if (isFolder(join(directory, whole))) rmdirSync(join(directory, whole))
}

/** False: nothing is there. Throws for a link or a file, which is none of ours. */
function isFolder(path: string): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there === undefined || there.isDirectory()) return there !== undefined
  throw inTheWay(path)
}

function inTheWay(path: string): Error {
  return new Error(
    `"${path}" is in the way, and not of a whole database: take another directory, or move it away`,
  )
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
  if (isFolder(folder)) remove()
  try {
    mkdirSync(folder)
    await writeAll(readTar(await image()), folder)
    renameSync(folder, join(directory, whole))
  } catch (error) {
    remove()
    throw error
  }
}

/** As many files are written at a time as Node has threads for: making a file is mostly waiting. */
const writersMax = 4

async function writeAll(entries: AsyncIterable<TarEntry>, folder: string): Promise<void> {
  const write = async () => {
    for await (const { name, isFolder, mode, bytes } of entries) {
      if (isFolder) mkdirSync(join(folder, name), { mode })
      else await writeFile(join(folder, name), bytes, { mode, flag: 'wx' })
    }
  }
  // Each takes the next entry. None is left at it when the others have failed.
  const ends = await Promise.allSettled(Array.from({ length: writersMax }, write))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

function moveUp(directory: string): void {
  const names = readdirSync(join(directory, whole)).filter((name) => name !== knownBy)
  const taken = [...names, knownBy].find((name) => isTaken(join(directory, name)))
  if (taken !== undefined) {
    rmSync(join(directory, whole), { recursive: true })
    throw inTheWay(join(directory, taken))
  }
  for (const name of [...names, knownBy]) {
    renameSync(join(directory, whole, name), join(directory, name))
  }
}

/** Also by a link that leads nowhere. */
function isTaken(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
