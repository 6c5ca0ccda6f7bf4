import { assert, ExpectedError } from '../../domain/assert.ts'

/** 1 MiB: a page is allocated as a whole, and nothing is copied when there are more. */
const pageBytes = 2 ** 20

/** The longest text that is kept, in bytes of UTF-8: its length is one byte. */
export const keyBytesMax = 255

/** Texts, packed one behind the other outside of the heap: a million strings would take 100 MB in it. */
export class TextPages {
  readonly #pages: Uint8Array[] = []
  #used = pageBytes
  readonly #encoder = new TextEncoder()
  readonly #decoder = new TextDecoder()
  readonly #scratch = new Uint8Array(keyBytesMax)

  /** Returns its position; a longer text is cut. Positions begin with 1, so that 0 can mean none. */
  add(text: string): number {
    const length = this.encode(text)
    return this.addBytes(this.#scratch, length)
  }

  addBytes(bytes: Uint8Array, length: number): number {
    if (this.#used + 1 + length > pageBytes) {
      this.#pages.push(new Uint8Array(pageBytes))
      this.#used = 0
    }
    const position = (this.#pages.length - 1) * pageBytes + this.#used
    const { page } = this.#placeOf(position + 1)
    if (position >= 2 ** 32 - 1) throw new ExpectedError('Cannot keep more than 4 GB of texts')
    page[this.#used] = length
    for (let at = 0; at < length; at += 1) page[this.#used + 1 + at] = bytes[at] ?? 0
    this.#used += 1 + length
    return position + 1
  }

  at(position: number): string {
    const { page, start } = this.#placeOf(position)
    return this.#decoder.decode(page.subarray(start + 1, start + 1 + (page[start] ?? 0)))
  }

  hasAt(position: number, { bytes, length }: { bytes: Uint8Array; length: number }): boolean {
    const { page, start } = this.#placeOf(position)
    if (page[start] !== length) return false
    for (let at = 0; at < length; at += 1) if (page[start + 1 + at] !== bytes[at]) return false
    return true
  }

  /** Into `bytes`; returns the length. */
  encode(text: string, bytes: Uint8Array = this.#scratch): number {
    if (text.length > bytes.length) return this.#encoder.encodeInto(text, bytes).written
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (code > 127) return this.#encoder.encodeInto(text, bytes).written
      bytes[at] = code
    }
    return text.length
  }

  #placeOf(position: number): { readonly page: Uint8Array; readonly start: number } {
    const page = this.#pages[Math.floor((position - 1) / pageBytes)]
    assert(page !== undefined, 'positions come from add()')
    return { page, start: (position - 1) % pageBytes }
  }
}

/** Numbers the texts that it is given, from 0; equal texts have one number. An open hash table. */
export class KeyIndex {
  readonly #texts = new TextPages()
  readonly #positions = new NumberColumn(Uint32Array)
  readonly #hashes = new NumberColumn(Uint32Array)
  readonly #scratch = new Uint8Array(keyBytesMax)
  /** The number of a text plus 1; 0: free. At most half of them are taken. */
  #slots = new Uint32Array(2 ** 12)
  #size = 0

  get size(): number {
    return this.#size
  }

  add(text: string): number {
    const length = this.#texts.encode(text, this.#scratch)
    const hash = hashOf(this.#scratch, length)
    const slot = this.#slotOf(hash, length)
    const taken = this.#slots[slot] ?? 0
    if (taken !== 0) return taken - 1
    const index = this.#size
    this.#positions.set(index, this.#texts.addBytes(this.#scratch, length))
    this.#hashes.set(index, hash)
    this.#slots[slot] = index + 1
    this.#size += 1
    if (this.#size * 2 > this.#slots.length) this.#grow()
    return index
  }

  /** −1: it was not added. */
  find(text: string): number {
    const length = this.#texts.encode(text, this.#scratch)
    return (this.#slots[this.#slotOf(hashOf(this.#scratch, length), length)] ?? 0) - 1
  }

  textAt(index: number): string {
    return this.#texts.at(this.#positions.get(index))
  }

  /** The slot that has the text in the scratch, or the free one for it. */
  #slotOf(hash: number, length: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = (this.#slots[slot] ?? 0) - 1
      if (index < 0) return slot
      const sought = { bytes: this.#scratch, length }
      if (this.#hashes.get(index) === hash && this.#texts.hasAt(this.#positions.get(index), sought))
        return slot
    }
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let index = 0; index < this.#size; index += 1) {
      let slot = this.#hashes.get(index) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = index + 1
    }
    this.#slots = slots
  }
}

/** FNV-1a, with a last mixing: numbers of orders differ in their last digits alone. */
function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

type NumberArray = Float64Array | Uint32Array | Uint16Array | Uint8Array

/** Numbers by index; 0 where none was set. */
export class NumberColumn {
  #values: NumberArray

  constructor(kind: new (length: number) => NumberArray) {
    this.#values = new kind(2 ** 10)
  }

  get(index: number): number {
    return this.#values[index] ?? 0
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) {
      const kind = this.#values.constructor as new (length: number) => NumberArray
      const grown = new kind(Math.max(index + 1, this.#values.length * 2))
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[index] = value
  }
}
