/**
 * PostgreSQL's text cannot hold NUL. A text from outside (a gateway's message) must not make an event
 * unwritable, so NUL becomes the replacement character.
 */
export function storable<T extends string | null>(text: T): T {
  return (text?.replaceAll('\0', '\ufffd') ?? null) as T
}

/** No row has such a key: a look-up finds nothing, and needs no statement. */
export function isUnstorable(key: string): boolean {
  return key.includes('\0') || !key.isWellFormed()
}
