/**
 * A foreign text as part of a message: on one line, and without what a robot takes for a mention, a link or
 * a mark of its layout. The wide forms look the same to a person.
 */
export function foreign(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
  const plain = line.replaceAll(/[<>[\]*`@&~]/g, (mark) => wideOf(mark))
  return plain.length > lengthMax ? `${plain.slice(0, lengthMax)}…` : plain
}

/** Longer than any sentence of the program, and short enough that several fit into one message. */
const lengthMax = 300

/** An order number as it is, because it is copied; what cannot be one is a foreign text. */
export function numberText(orderNo: string): string {
  return /^[\w|*-]{1,64}$/.test(orderNo) ? orderNo : foreign(orderNo)
}

/** `＜` for `<`. */
function wideOf(mark: string): string {
  return String.fromCharCode(mark.charCodeAt(0) + 0xfee0)
}

/** Robots count bytes. Cut where a character ends, so that no half of one is sent. */
export function cutToBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= bytesMax) return text
  let end = bytesMax - Buffer.byteLength('…')
  // A byte that continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return `${bytes.subarray(0, end).toString()}…`
}
