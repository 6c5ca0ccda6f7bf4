const alphabet = /^[A-Za-z0-9+/]*={0,2}$/

/** Bytes of standard Base64; null for anything else. (Buffer alone skips unknown characters.) */
export function fromBase64(text: string): Buffer | null {
  return text.length % 4 === 0 && alphabet.test(text) ? Buffer.from(text, 'base64') : null
}
