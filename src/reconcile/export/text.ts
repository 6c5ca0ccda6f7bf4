import { isUtf8 } from 'node:buffer'
import { createReadStream, statSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { readFailure } from '../../config/fault.ts'
import { cannotUse } from './export-error.ts'

const blockBytes = 128 * 1024

const lineBytesMax = 4_000_000

/**
 * The text of an export, in pieces, without its byte order mark. It is UTF-8 only if the whole file is:
 * a short text in GBK may look like UTF-8, and a long one does not.
 */
export async function* textOf(file: string): AsyncGenerator<string> {
  const decoder = decoderOf(await encodingOf(file))
  let isFirst = true
  try {
    for await (const bytes of blocksOf(file)) {
      const text = decoder.write(bytes)
      if (isFirst) rejectOthers(text, file)
      yield isFirst && text.startsWith('\ufeff') ? text.slice(1) : text
      isFirst = false
    }
    yield decoder.end()
  } catch (error) {
    if (error instanceof TypeError) throw cannotUse(file, 'it is neither UTF-8 nor GBK text')
    throw error
  }
}

interface Decoder {
  write(bytes: Buffer): string
  end(): string
}

/** What is known to be UTF-8 needs no checks, which cost half of the reading. */
function decoderOf(encoding: Awaited<ReturnType<typeof encodingOf>>): Decoder {
  if (encoding === 'utf-8') return new StringDecoder('utf8')
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() }
}

async function* blocksOf(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file, { highWaterMark: blockBytes }) as AsyncIterable<Buffer>
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    throw cannotUse(file, readFailure(error))
  }
}

/** Excel's "Unicode text" is UTF-16. GB18030 has all of GBK. */
async function encodingOf(file: string): Promise<'utf-8' | 'utf-16le' | 'gb18030'> {
  if (statSync(file, { throwIfNoEntry: false })?.isFIFO() === true) {
    throw cannotUse(file, 'it is a pipe, and is read more than once: give a file')
  }
  let rest: Buffer = Buffer.alloc(0)
  let isFirst = true
  for await (const bytes of blocksOf(file)) {
    if (isFirst && bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
    isFirst = false
    // No character of UTF-8 goes on after a line feed.
    const end = bytes.lastIndexOf(0x0a) + 1
    if (!isUtf8(Buffer.concat([rest, bytes.subarray(0, end)]))) return 'gb18030'
    rest = end === 0 ? Buffer.concat([rest, bytes]) : bytes.subarray(end)
    if (rest.length > lineBytesMax) throw cannotUse(file, 'it has a line that is no row of orders')
  }
  if (isFirst) throw cannotUse(file, 'it is empty')
  return isUtf8(rest) ? 'utf-8' : 'gb18030'
}

function rejectOthers(text: string, file: string): void {
  if (text.startsWith('PK\u0003\u0004') || text.startsWith('\ufffd\ufffd')) {
    throw cannotUse(file, 'it is an Excel workbook: save it as CSV')
  }
  if (text.includes('\u0000')) throw cannotUse(file, 'it is not text: save it as CSV')
  if (text.trimStart().startsWith('<')) {
    throw cannotUse(file, 'it is a web page, and not an export')
  }
}
