/**
 * PostgreSQL's text cannot hold NUL. What strangers say (a gateway's message) must not make an
 * event unwritable, so there it becomes the replacement character.
 */
export function storable<T extends string | null>(text: T): T {
  return (text?.replaceAll('\0', '\ufffd') ?? null) as T
}

/** No row has such a key: a look-up for it finds nothing, and need not ask. */
export function isUnstorable(key: string): boolean {
  return key.includes('\0') || !key.isWellFormed()
}
