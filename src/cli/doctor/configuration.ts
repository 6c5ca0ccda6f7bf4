import { isExposed } from '../../config/exposed.ts'
import { shellWord } from '../terminal/shells.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/**
 * For a valid configuration. Warns when other users of this machine can read its secrets.
 * @param secretFiles that contain them; files of private keys have a check of their own.
 */
export function examineConfiguration(file: string | null, secretFiles: readonly string[]): Finding {
  const name = 'configuration'
  const exposed = secretFiles.filter(isExposed)
  if (exposed.length > 0) {
    return warn(name, {
      detail: `${exposed.join(', ')}; others on this machine may read its secrets`,
      next: `chmod 600 ${exposed.map((path) => shellWord(path)).join(' ')}`,
    })
  }
  return ok(name, file ?? './budan.yaml or the environment')
}

/** A line of a ConfigError as a finding. The next step is derived from the form of the line. */
export function configurationFault(detail: string): Finding {
  return fail('configuration', { detail, next: nextStep(detail) })
}

function nextStep(fault: string): string {
  if (/^Cannot read configuration /.test(fault)) {
    return 'name a file that can be read with --config, or have `budan init` write one'
  }
  if (/^proof: ".*" is damaged/s.test(fault)) {
    return 'put a copy of that file back; where there is none, move it away: what it proved stays unverifiable'
  }
  if (/^proof: Cannot read /.test(fault)) return 'let the user that budan runs as read that file'
  const line = /^(.*) line (\d+): /.exec(fault)
  if (line !== null) return `mend line ${line[2]} of ${line[1]}`
  // "merchants[1] (shop-b).mch_id (MERCHANTS_SHOP_B_MCH_ID): …"
  const [, path, envName] =
    /^([\w.[\]-]+(?: \([\w.-]+\)\.[\w.[\]-]+)?)(?: \((\w+)\))?: /.exec(fault) ?? []
  if (path === undefined) return 'correct the file: docs/configuration.md lists what it may contain'
  if (/: not set/.test(fault)) {
    // `init` prompts for one merchant.
    if (path.startsWith('merchants[')) return `set ${path}, in the file or the environment`
    return 'set what is missing, in the file or the environment; `budan init` prompts for it and writes a file'
  }
  if (/: unknown /.test(fault)) return `correct the name ${path}, or take it out`
  return `correct ${envName ?? path}: docs/configuration.md says what it takes`
}
