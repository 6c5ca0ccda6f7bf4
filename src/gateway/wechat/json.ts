import { isUtf8 } from 'node:buffer'
import { ignore, type Note } from './notes.ts'

const utf8 = new TextDecoder()

/** Bytes that are not UTF-8 become the replacement character, never another one. */
export function textOf(bytes: Uint8Array): string {
  return utf8.decode(bytes)
}

/** JSON allows control characters only between its parts; some programs also write them inside texts. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: The pattern looks for control characters.
const controls = /[\u0000-\u001f]/g

/**
 * The parsed value; undefined, which no JSON text gives, if it is not JSON. A wrong byte or a control
 * character in one text must not prevent reading the rest, so it is replaced. A name or number that
 * contained one then equals none of ours.
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
