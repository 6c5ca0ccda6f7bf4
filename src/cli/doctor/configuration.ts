import { type Finding, fail } from './finding.ts'

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
