const utf8 = new TextDecoder('utf-8', { fatal: true })

/** UTF-8 text; null where the bytes are not. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/** The parsed value; undefined, which no JSON text gives, where it is no JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    return undefined
  }
}
