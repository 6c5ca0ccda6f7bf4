import { isUtf8 } from 'node:buffer'
import { ignore, type Note } from './notes.ts'

const utf8 = new TextDecoder()

/** What is no UTF-8 becomes the replacement character, and never any other one. */
export function textOf(bytes: Uint8Array): string {
  return utf8.decode(bytes)
}

/** JSON allows them between its parts alone; some programs write them inside texts as well. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: These are the ones that are looked for.
const controls = /[\u0000-\u001f]/g

/**
 * The parsed value; undefined, which no JSON text gives, where it is no JSON. A wrong byte or a
 * control character in some text must not keep the rest from being read: it is replaced. A name or
 * number that had one is then equal to none of ours.
 */
export function parseJson(bytes: Uint8Array, note: Note = ignore): unknown {
  const text = textOf(bytes).replace(/^\ufeff+/, '')
  if (!isUtf8(bytes)) note('bytes that are not UTF-8 are shown as �')
  const value = jsonIn(text)
  if (value !== undefined) return value
  note('control characters in texts are shown as blanks')
  return jsonIn(text.replace(controls, ' '))
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
