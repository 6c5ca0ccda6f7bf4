import type { z } from 'zod'
import { nearest } from '../text/suggest.ts'
import { keyPathsKnown } from './environment.ts'
import type { Overlay } from './file.ts'
import { shown } from './values.ts'

/**
 * One line for each issue that the schema found. Values whose file could not be read are not missing.
 * @param origins by path: the environment variable that the value came from.
 */
export function schemaFaults(
  issues: readonly z.core.$ZodIssue[],
  { origins, unread }: Pick<Overlay, 'origins'> & Partial<Pick<Overlay, 'unread'>>,
): string[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
    if (unread?.has(placeOf(path))) return []
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((unknown) => unknownKey(path, unknown))
    }
    if (issue.code === 'invalid_type' && issue.expected === 'object') {
      return [`${placeOf(path)}: must hold keys, like "key: value"`]
    }
    const envName = originOf(path, origins)
    const name = envName === undefined ? placeOf(path) : `${placeOf(path)} (${envName})`
    return [`${name}: ${issue.message}`]
  })
}

/** The variable that the value came from, or the list that it is in. */
function originOf(path: readonly Step[], origins: ReadonlyMap<string, string>) {
  return origins.get(placeOf(path)) ?? origins.get(placeOf(path.slice(0, -1)))
}

/** A key of a mapping, or the place in a list. */
type Step = string | number

/** `server.sessions.hours`, `server.trusted_proxies[0]`. */
function placeOf(path: readonly Step[]): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${part}`))
    .join('')
}

/** Names only the key: its value may be a secret whose key is misspelt. */
function unknownKey(mapping: readonly Step[], key: string): string {
  const name = /^[\w.-]{1,64}$/.test(key) ? key : shown(key)
  const paths = keyPathsKnown().map((each) => each.split('.'))
  const siblings = paths
    .filter((path) =>
      mapping.every((part, at) => path[at] === (typeof part === 'number' ? '*' : part)),
    )
    .flatMap((path) => path[mapping.length] ?? [])
  const kind = mapping.length === 0 ? 'section' : 'key'
  // An item of a list may have the names of keys of another section, so its own keys alone are meant.
  const elsewhere = mapping.some((part) => typeof part === 'number') ? null : owner(paths, key)
  const hint = meant(nearest(key, [...new Set(siblings)]), elsewhere)
  return `${placeOf([...mapping, name])}: unknown ${kind}${hint}`
}

function meant(near: string | null, elsewhere: string | null): string {
  if (elsewhere !== null) return `; did you mean ${elsewhere}?`
  return near === null ? '' : `; did you mean ${near}?`
}

/** The right path of a key that is in the wrong section. */
function owner(paths: readonly (readonly string[])[], key: string): string | null {
  const found = paths.filter((path) => path[1] !== '*' && path.at(-1) === key)
  return found.length === 1 ? (found[0]?.join('.') ?? null) : null
}
