import { givenValue } from '../environment.ts'
import { type ConfigTree, type Overlay, withValue } from '../file.ts'
import { fillItems, fillKey, type Origin, type Place } from '../filling/fill.ts'
import { keysIn } from './made-keys.ts'

const envName = 'PROOF_KEYS'

/**
 * Fills in the keys of proofs: from the environment, which wins, or else each secret from the file that
 * its `secret_file` names.
 */
export function fillProof(overlay: Overlay, origin: Origin): Overlay {
  const given = givenValue(envName, origin.env)
  if (given === null) {
    const fill = (key: ConfigTree, at: Place) => fillKey(key, { key: 'secret', at })
    return fillItems(overlay, { path: ['proof', 'keys'], origin, fill })
  }
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
