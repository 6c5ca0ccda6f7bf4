/** 128 of the 256 bits of a key's hash: see `ListedSession`. */
export const sessionIdLength = 32

export function sessionIdOf(keyHash: string): string {
  return keyHash.slice(0, sessionIdLength)
}
