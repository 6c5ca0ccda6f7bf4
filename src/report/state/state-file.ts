import { createHash } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { z } from 'zod'
import { type Entry, entrySchema, type Header, headerSchema } from './shapes.ts'

/** A state file that cannot be used. The message names the file, and what is wrong. */
export class StateFileError extends Error {
  override readonly name = 'StateFileError'
}

const lineSchema = z.strictObject({ check: z.string(), entry: z.unknown() })

/**
 * How far a report has come, so that it can be resumed after a crash. Each line is one entry, written at
 * once and flushed to the disk. The check of a line covers the lines before it: one that was changed,
 * removed or moved is found. Only a last line without its end may be cut off: its write was interrupted,
 * and its rows are queried again.
 */
export class StateFile {
  readonly #path: string
  readonly #fd: number
  readonly header: Header
  readonly isResumed: boolean
  /** Those that were in the file when it was opened. */
  readonly entries: readonly Entry[]
  #check: string
  #bytes: number

  private constructor(
    path: string,
    file: {
      readonly fd: number
      readonly header: Header
      readonly entries: readonly Entry[]
      readonly check: string
      readonly bytes: number
    },
  ) {
    this.#path = path
    this.#fd = file.fd
    this.header = file.header
    this.isResumed = file.bytes > 0
    this.entries = file.entries
    this.#check = file.check
    this.#bytes = file.bytes
  }

  /** A new file, or an empty one. */
  static create(path: string, header: Header): StateFile {
    // Only its owner may read it: it holds order numbers and users.
    const fd = opened(path, () => openSync(path, 'a', 0o600))
    const file = new StateFile(path, { fd, header, entries: [], check: '', bytes: 0 })
    file.#write(headerSchema.encode(header))
    return file
  }

  /** Null when there is no file, or an empty one. */
  static open(path: string): StateFile | null {
    const bytes = contentOf(path)
    if (bytes === null || bytes.length === 0) return null
    const end = bytes.lastIndexOf('\n') + 1
    const [first = '', ...others] = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1)
    const head = readLine(first, { path, nth: 1, check: '', schema: headerSchema })
    let { check } = head
    const entries = others.map((line, at) => {
      const read = readLine(line, { path, nth: at + 2, check, schema: entrySchema })
      check = read.check
      return read.value
    })
    const fd = opened(path, () => openSync(path, 'a'))
    if (end < bytes.length) ftruncateSync(fd, end)
    return new StateFile(path, { fd, header: head.value, entries, check, bytes: end })
  }

  append(entry: Entry): void {
    this.#write(entrySchema.encode(entry))
  }

  close(): void {
    closeSync(this.#fd)
  }

  #write(encoded: unknown): void {
    const entry = JSON.stringify(encoded)
    this.#check = checkOf(this.#check, entry)
    const line = Buffer.from(`{"check":"${this.#check}","entry":${entry}}\n`)
    if (fstatSync(this.#fd).size !== this.#bytes) {
      throw new StateFileError(
        `Cannot write ${JSON.stringify(this.#path)}: another report has written to it`,
      )
    }
    opened(this.#path, () => {
      const written = writeSync(this.#fd, line)
      if (written < line.length) throw new Error('the disk is full')
      fsyncSync(this.#fd)
    })
    this.#bytes += line.length
  }
}

function checkOf(before: string, entry: string): string {
  return createHash('sha256').update(before).update(entry).digest('hex').slice(0, 16)
}

function readLine<T>(
  line: string,
  about: { path: string; nth: number; check: string; schema: z.ZodType<T> },
): { readonly value: T; readonly check: string } {
  const { path, nth, check, schema } = about
  const value = parsed(line, check)
  const read = schema.safeDecode(value as never)
  if (value === null || !read.success) {
    const file = JSON.stringify(path)
    throw new StateFileError(
      nth === 1
        ? `Cannot resume from ${file}: it is not the state of a report`
        : `Cannot resume from ${file}: line ${nth} is damaged`,
    )
  }
  return { value: read.data, check: checkOf(check, JSON.stringify(value)) }
}

/** The entry as it was written; null: the line is not one that was written after those before it. */
function parsed(line: string, before: string): unknown {
  try {
    const { check, entry } = lineSchema.parse(JSON.parse(line))
    return check === checkOf(before, JSON.stringify(entry)) ? entry : null
  } catch {
    return null
  }
}

function contentOf(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw unusable(path, error)
  }
}

function opened<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, error: unknown): StateFileError {
  const why = error instanceof Error ? error.message : String(error)
  return new StateFileError(`Cannot use ${JSON.stringify(path)}: ${why}`)
}
