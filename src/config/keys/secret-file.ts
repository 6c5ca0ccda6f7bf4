import { readFileSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { fault, type Read, readFailure, value } from '../fault.ts'
import { shown } from '../values.ts'
import { binaryFault } from './key-text.ts'

// A key in PEM form has 2 to 4 KB; every other secret is shorter.
const fileBytesMax = 100_000

/**
 * Reads a single value from a file, as container platforms provide secrets. A line end after the value,
 * as editors and `echo` write it, is removed. No fault quotes the content of the file.
 */
export function readSecretFile(path: string): Read<string> {
  if (path.trim() === '') return fault('is empty: give the path of a file')
  try {
    const { size } = statSync(path)
    if (size > fileBytesMax) return fault(`${named(path)} is too big to hold one value`)
    const bytes = readFileSync(path)
    const binary = binaryFault(bytes)
    if (binary !== null) return fault(`${named(path)} ${binary}`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const line = text.replace(/\r?\n$/, '')
    return line.trim() === '' ? fault(`${named(path)} is empty`) : value(line)
  } catch (error) {
    const why = error instanceof TypeError ? 'it is not UTF-8 text' : readFailure(error)
    return fault(`Cannot read ${named(path)}: ${why}`)
  }
}

/** A text that does not look like a path may be the secret itself, in the wrong variable: not shown. */
function named(path: string): string {
  return isAbsolute(path) || /^\.{1,2}[\\/]/.test(path)
    ? `the file ${shown(path)}`
    : 'the file that it names'
}
