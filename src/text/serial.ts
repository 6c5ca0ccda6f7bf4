/**
 * Serial numbers of certificates are numbers, written in many ways: `0A1B`, `a1b`, `0a:1b`. Tools differ
 * in leading zeros, case and what stands between the digits.
 */

/** As the gateway expects it: hexadecimal digits only, in capitals. Leading zeros stay as they were written. */
export function serialDigits(text: string): string {
  return text.replaceAll(/[\s:-]/g, '').toUpperCase()
}

/** Equal for all ways to write the same number. */
export function serialKey(text: string): string {
  return serialDigits(text).replace(/^0+(?=.)/, '')
}

export function isSameSerial(one: string, other: string): boolean {
  return serialKey(one) === serialKey(other)
}
