/** The part of ASN.1 DER that a certificate needs. Each function returns one encoded value. */

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return encode(0x30, Buffer.concat(parts))
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return encode(0x31, Buffer.concat(parts))
}

/** A value with an explicit context tag, `[number]`. */
export function tagged(number: number, part: Uint8Array): Buffer {
  return encode(0xa0 + number, part)
}

/** A positive integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes[0] ?? 0
  return encode(0x02, first >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

export function utf8String(text: string): Buffer {
  return encode(0x0c, Buffer.from(text, 'utf8'))
}

export function bitString(bytes: Uint8Array): Buffer {
  return encode(0x03, Buffer.concat([Buffer.of(0), bytes]))
}

export function nothing(): Buffer {
  return encode(0x05, Buffer.alloc(0))
}

/** `2.5.4.3` and the like. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return encode(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** Whole seconds, UTC: two-digit years up to 2049, four-digit ones after that (RFC 5280, 4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/\.\d+|[-:T]/g, '')
  return at.getUTCFullYear() < 2050
    ? encode(0x17, Buffer.from(digits.slice(2)))
    : encode(0x18, Buffer.from(digits))
}

function encode(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content])
}

function lengthOf(count: number): Buffer {
  if (count < 0x80) return Buffer.of(count)
  if (count < 0x100) return Buffer.of(0x81, count)
  return Buffer.of(0x82, count >>> 8, count & 0xff)
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80)
  return bytes
}
