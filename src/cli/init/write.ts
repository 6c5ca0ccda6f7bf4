import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError, writeFailure } from '../../config/fault.ts'
import { shown } from '../../config/values.ts'
import { CommandError } from '../failure.ts'

/**
 * Whether the file exists. Throws ConfigError when it cannot be written, so that the person learns it
 * before the prompts and not after them.
 */
export function examineTarget(file: string): 'absent' | 'there' {
  if (file === '') throw new ConfigError(['--config: is empty: give the path of a file'])
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isDirectory()) throw new ConfigError([`--config: ${shown(file)} is a directory`])
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    throw new ConfigError([`Cannot write configuration ${shown(file)}: ${writeFailure(error)}`])
  }
  return stat === undefined ? 'absent' : 'there'
}

/**
 * Writes the file readable only by its owner, completely or not at all. Replaces a file only with
 * `overwrite`.
 */
export function writeConfiguration(
  file: string,
  { text, overwrite }: { readonly text: string; readonly overwrite: boolean },
): void {
  const written = overwrite ? `${file}.${process.pid}.new` : file
  try {
    writeFileSync(written, text, { mode: 0o600, flag: 'wx' })
    if (overwrite) renameSync(written, file)
  } catch (error) {
    if (overwrite) rmSync(written, { force: true })
    throw new CommandError(`Cannot write configuration ${shown(file)}: ${writeFailure(error)}`)
  }
}
