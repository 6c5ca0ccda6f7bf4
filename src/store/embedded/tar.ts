/** A file or folder of an archive. */
export interface TarEntry {
  /** Relative, with slashes. */
  readonly name: string
  readonly isFolder: boolean
  readonly mode: number
  readonly bytes: Uint8Array
}

const blockBytes = 512

/**
 * Reads what PGlite's `dumpDataDir` writes: plain files and folders, names of at most 100 bytes. One
 * entry at a time, so that only its largest file is in memory. Throws when the archive is truncated.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const bytes = new Bytes(source)
  for (;;) {
    const header = await bytes.take(blockBytes)
    // The end is a block of zeros.
    if (header[0] === 0) return
    const size = octal(header, { from: 124, to: 136 })
    const content = await bytes.take(Math.ceil(size / blockBytes) * blockBytes)
    yield {
      // PGlite's names begin with a slash.
      name: text(header, { from: 0, to: 100 }).replace(/^\//, ''),
      isFolder: text(header, { from: 156, to: 157 }) === '5',
      mode: octal(header, { from: 100, to: 108 }),
      bytes: content.subarray(0, size),
    }
  }
}

interface Span {
  readonly from: number
  readonly to: number
}

function text(header: Buffer, { from, to }: Span): string {
  return header.toString('utf8', from, to).split('\0', 1)[0] ?? ''
}

function octal(header: Buffer, span: Span): number {
  const number = Number.parseInt(text(header, span).trim(), 8)
  if (Number.isNaN(number)) throw new Error('it is no tar archive')
  return number
}

/** Reads any number of bytes from buffers of any size. */
class Bytes {
  readonly #source: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async take(count: number): Promise<Buffer> {
    if (this.#held.length < count) this.#held = await this.#hold(count)
    const taken = this.#held.subarray(0, count)
    this.#held = this.#held.subarray(count)
    return taken
  }

  async #hold(count: number): Promise<Buffer> {
    const held: Uint8Array[] = [this.#held]
    let length = this.#held.length
    while (length < count) {
      const next = await this.#source.next()
      if (next.done === true) throw new Error('the archive breaks off')
      held.push(next.value)
      length += next.value.length
    }
    return Buffer.concat(held)
  }
}
