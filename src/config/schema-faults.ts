import type { z } from 'zod'
import { type ConfigKey, configKeys } from './environment.ts'
import { nearest } from './suggest.ts'
import { shown } from './values.ts'

/**
 * One line for each issue that the schema found.
 * @param origins paths whose value came from the environment, with its name there.
 */
export function schemaFaults(
  issues: readonly z.core.$ZodIssue[],
  origins: ReadonlyMap<string, string>,
): string[] {
  return issues.flatMap((issue) => {
    const [section, key, index] = issue.path.map(String)
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((unknown) => unknownKey(section ?? null, unknown))
    }
    if (section !== undefined && key === undefined)
      return [`${section}: must hold keys, like "key: value"`]
    const path = `${section}.${key}`
    const envName = origins.get(path)
    const where = `${path}${index === undefined ? '' : `[${index}]`}`
    return [`${where}${envName === undefined ? '' : ` (${envName})`}: ${issue.message}`]
  })
}

/** Names the key only: its value may be a secret under a misspelt name. */
function unknownKey(section: string | null, key: string): string {
  const name = /^[\w.-]{1,64}$/.test(key) ? key : shown(key)
  const keys = configKeys()
  if (section === null) {
    const sections = [...new Set(keys.map((each) => each.section))]
    return `${name}: unknown section${meant(nearest(key, sections), owner(keys, key))}`
  }
  const siblings = keys.filter((each) => each.section === section).map((each) => each.key)
  return `${section}.${name}: unknown key${meant(nearest(key, siblings), owner(keys, key))}`
}

function meant(near: string | null, elsewhere: string | null): string {
  if (elsewhere !== null) return `; did you mean ${elsewhere}?`
  return near === null ? '' : `; did you mean ${near}?`
}

/** The path of a key that stands in the wrong section. */
function owner(keys: readonly ConfigKey[], key: string): string | null {
  const found = keys.filter((each) => each.key === key)
  return found.length === 1 ? `${found[0]?.section}.${key}` : null
}
