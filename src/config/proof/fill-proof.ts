import { resolve } from 'node:path'
import { givenValue } from '../environment.ts'
import { type ConfigTree, isMapping, type Overlay, valueIn, withValue } from '../file.ts'
import { homeOf } from '../paths.ts'
import { readSecretFile } from '../secret-file.ts'
import { keysIn } from './made-keys.ts'

interface Origin {
  /** The configuration file; null: there is none. */
  readonly file: string | null
  readonly env: NodeJS.ProcessEnv
}

const envName = 'PROOF_KEYS'

/**
 * Fills in the keys of proofs: from the environment, which wins, or else each secret from the file that
 * its `secret_file` names.
 */
export function fillProof(overlay: Overlay, { file, env }: Origin): Overlay {
  const given = givenValue(envName, env)
  if (given === null) return fromFiles(overlay, homeOf(file))
  const keys = given.kind === 'fault' ? given : keysOf(given.value)
  if (keys.kind === 'fault') {
    const fault = given.kind === 'fault' ? given.fault : `proof.keys (${given.name}): ${keys.fault}`
    // What the file says is not used, so it is not checked either.
    const { proof: _, ...rest } = overlay.tree
    return { ...overlay, tree: rest, faults: [...overlay.faults, fault] }
  }
  const tree = withValue(overlay.tree, ['proof', 'keys'], keys.value)
  if (tree === null) return overlay
  const name = given.kind === 'value' ? given.name : envName
  const places = keys.value.flatMap((_, at) =>
    ['id', 'secret'].map((key) => `proof.keys[${at}].${key}`),
  )
  const origins = ['proof.keys', ...places].map((place) => [place, name] as const)
  return { ...overlay, tree, origins: new Map([...overlay.origins, ...origins]) }
}

/**
 * `ID:SECRET`, several with commas or on lines of their own; or what is in the file of a key that budan
 * made, so that this can be given to other nodes as it is. No fault quotes the text.
 */
function keysOf(text: string): ReturnType<typeof keysIn> {
  if (text.trimStart().startsWith('{')) return keysIn(text)
  const parts = text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const keys = parts.map((part) => /^([^:]*):(.*)$/s.exec(part))
  const wrong = keys.indexOf(null)
  if (wrong >= 0 || parts.length === 0) {
    const which = parts.length === 0 ? 'it' : `part ${wrong + 1}`
    return { kind: 'fault', fault: `${which} is not of the form ID:SECRET` }
  }
  const value = keys.map((key) => ({ id: key?.[1] ?? '', secret: key?.[2] ?? '' }))
  return { kind: 'value', value }
}

function fromFiles(overlay: Overlay, home: string): Overlay {
  const keys = valueIn(overlay.tree, 'proof', 'keys')
  if (!Array.isArray(keys)) return overlay
  const unread = new Set(overlay.unread)
  const faults = [...overlay.faults]
  const filled = keys.map((key: unknown, at) => {
    if (!isMapping(key) || key.secret_file === undefined) return key
    const { secret_file: file, ...rest } = key
    const place = `proof.keys[${at}]`
    if (rest.secret !== undefined) {
      faults.push(`${place}.secret_file: given together with secret: give one of them`)
      return rest
    }
    const read = readSecretFile(typeof file === 'string' ? resolve(home, file.trim()) : '')
    if (read.kind === 'value') return { ...rest, secret: read.value }
    faults.push(`${place}.secret_file: ${read.fault}`)
    unread.add(`${place}.secret`)
    return rest
  })
  const tree = withValue(overlay.tree, ['proof', 'keys'], filled) ?? overlay.tree
  return { ...overlay, tree, unread, faults }
}

/** The paths of files that hold secrets of keys, as the configuration file names them. */
export function proofSecretFiles(tree: ConfigTree, file: string): readonly string[] {
  const keys = valueIn(tree, 'proof', 'keys')
  if (!Array.isArray(keys)) return []
  return keys.flatMap((key: unknown) =>
    isMapping(key) && typeof key.secret_file === 'string' && key.secret_file.trim() !== ''
      ? [resolve(homeOf(file), key.secret_file.trim())]
      : [],
  )
}
