import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../../config/config.ts'
import { isExposed } from '../../config/exposed.ts'
import type { proofKeysPlace } from '../../config/load.ts'
import { shellWord } from '../terminal/shells.ts'
import { type Finding, ok, warn } from './finding.ts'

const name = 'proof key'

/** Checks the keys that credits are proven by. Loading the configuration has already parsed them. */
export function examineProofKeys(
  config: Config,
  place: ReturnType<typeof proofKeysPlace>,
): readonly Finding[] {
  const [first, ...older] = config.proof.keys
  if (place.kind === 'made') {
    if (first === undefined) return [withoutKey(config, place.path)]
    return [ofMadeKey(config, { id: first.id, path: place.path }), ...exposed(place.path)]
  }
  const others = older.length === 0 ? '' : `; to verify by also ${idsOf(older)}`
  return first === undefined ? [] : [ok(name, `${first.id}, of proof.keys${others}`)]
}

function idsOf(keys: Config['proof']['keys']): string {
  return keys.map(({ id }) => id).join(', ')
}

function ofMadeKey(config: Config, { id, path }: { id: string; path: string }): Finding {
  if (hasNodes(config)) {
    return warn(name, {
      detail: `${id}, made in ${path}; each node that does not have this file makes its own`,
      next: `give all nodes the same key: in proof.keys, or as the value of PROOF_KEYS_FILE a copy of ${shellWord(path)}`,
    })
  }
  return warn(name, {
    detail: `${id}, made in ${path}; without this file no credit can be verified`,
    next: `keep a copy of ${shellWord(path)} on another machine, and not with the backups of the database`,
  })
}

/** Whether several processes may work on one database, on several machines. */
function hasNodes({ engine, database }: Config): boolean {
  return engine.url !== 'local' || !database.url.startsWith('pglite:')
}

function withoutKey(config: Config, path: string): Finding {
  if (!isWritable(dirname(path))) {
    return warn(name, {
      detail: `none, and ${path} cannot be written: credits keep no proof`,
      next: 'set proof.keys, or PROOF_KEYS_FILE: docs/configuration.md says how',
    })
  }
  return warn(name, {
    detail: `none yet: \`budan serve\` makes one in ${path}`,
    next: hasNodes(config)
      ? 'set proof.keys, the same for all nodes, or PROOF_KEYS_FILE: docs/configuration.md says how'
      : 'run `budan serve`, or set proof.keys',
  })
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function exposed(path: string): readonly Finding[] {
  if (!isExposed(path)) return []
  return [
    warn(name, {
      detail: `others on this machine may read ${path}`,
      next: `chmod 600 ${shellWord(path)}`,
    }),
  ]
}
