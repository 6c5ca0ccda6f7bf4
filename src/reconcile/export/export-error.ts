import { ConfigError } from '../../config/fault.ts'

export function cannotUse(file: string, why: string): ConfigError {
  return new ConfigError([`Cannot use the export ${JSON.stringify(file)}: ${why}`])
}
