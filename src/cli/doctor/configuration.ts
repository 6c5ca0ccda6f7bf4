import { isExposed } from '../../config/exposed.ts'
import { shellWord } from '../shells.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** A configuration that can be used. Its file may hold secrets that others on this machine can read. */
export function examineConfiguration(file: string | null, secretFiles: readonly string[]): Finding {
  const name = 'configuration'
  const path = file ?? './budan.yaml'
  if (secretFiles.includes(path) && isExposed(path)) {
    return warn(name, {
      detail: `${path}; others on this machine may read its secrets`,
      next: `chmod 600 ${shellWord(path)}`,
    })
  }
  return ok(name, file ?? './budan.yaml or the environment')
}

/** A line of ConfigError as a finding: what to do about it stands in its own words. */
export function configurationFault(detail: string): Finding {
  return fail('configuration', { detail, next: nextStep(detail) })
}

function nextStep(fault: string): string {
  if (/^Cannot read configuration /.test(fault)) {
    return 'name a file that can be read with --config, or have `budan init` write one'
  }
  const line = /^(.*) line (\d+): /.exec(fault)
  if (line !== null) return `mend line ${line[2]} of ${line[1]}`
  const [, path, envName] = /^([\w.[\]-]+)(?: \((\w+)\))?: /.exec(fault) ?? []
  if (path === undefined) return 'mend the file: docs/configuration.md tells what it may hold'
  if (/: not set/.test(fault)) {
    return 'give what is not set, in the file or the environment; `budan init` asks for it and writes a file'
  }
  if (/: unknown /.test(fault)) return `correct the name ${path}, or take it out`
  return `correct ${envName ?? path}: docs/configuration.md tells what it takes`
}
