import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip } from 'node:zlib'
import { readFailure } from '../../../config/fault.ts'
import { BillError } from './bill-error.ts'

/** Large enough that the cost of a read is spread over about 400 lines. */
const blockBytes = 128 * 1024

/** A line of a bill has about 320 characters; merchants' texts in it are at most 256 bytes each. */
const lineLengthMax = 1_000_000

/**
 * The lines of a file, in the batches in which they are read, without their line feeds; a carriage
 * return stays. Unpacked where the file is a gzip, whatever its name. Reads the file once and in order,
 * so that a pipe will do.
 */
export async function* linesOf(file: string): AsyncGenerator<readonly string[]> {
  let rest = ''
  let isFirst = true
  for await (const text of textOf(file)) {
    const start = isFirst ? withoutMark(text, file) : text
    isFirst = false
    const lines = (rest + start).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > lineLengthMax) throw new BillError(file, 'line_too_long')
    yield lines
  }
  if (isFirst) throw new BillError(file, 'empty_file')
  if (rest !== '') yield [rest]
}

/** Removes the byte order mark, and rejects what is known not to be a bill. */
function withoutMark(text: string, file: string): string {
  const start = text.startsWith('\ufeff') ? text.slice(1) : text
  const first = start.trimStart()
  if (first.startsWith('{')) throw new BillError(file, 'error_body')
  if (first.startsWith('<')) throw new BillError(file, 'web_page')
  if (first.startsWith('PK\u0003\u0004')) throw new BillError(file, 'archive')
  return start
}

async function* textOf(file: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  try {
    for await (const bytes of unpacked(createReadStream(file, { highWaterMark: blockBytes }))) {
      const text = decoder.write(bytes)
      if (text !== '') yield text
    }
  } catch (error) {
    throw error instanceof BillError ? error : readError(file, error)
  }
  const end = decoder.end()
  if (end !== '') yield end
}

function readError(file: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'Z_BUF_ERROR') return new BillError(file, 'gzip_cut_off')
  if (code.startsWith('Z_')) return new BillError(file, 'gzip_broken')
  if (code === '') return error
  return new BillError(file, 'unreadable', { detail: readFailure(error) })
}

async function* unpacked(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const bytes = source[Symbol.asyncIterator]()
  const first = await bytes.next()
  if (first.done === true) return
  const whole = prepended(first.value, { [Symbol.asyncIterator]: () => bytes })
  if (!isGzip(first.value)) yield* whole
  else yield* gunzipped(whole)
}

async function* prepended(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

async function* gunzipped(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: blockBytes })
  // An error of either end is thrown by the iteration below.
  pipeline(Readable.from(packed, { objectMode: false }), gunzip, () => undefined)
  yield* gunzip as AsyncIterable<Buffer>
}
