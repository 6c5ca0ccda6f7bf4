import { z } from 'zod'
import { nearest } from '../text/suggest.ts'
import { type ConfigTree, type Overlay, withValue } from './file.ts'
import { configLists } from './filling/lists.ts'
import { readSecretFile } from './keys/secret-file.ts'
import { merchantFileKeys } from './merchants/merchant-schema.ts'
import { configSchema } from './schema.ts'

export interface ConfigKey {
  readonly section: string
  /** `port`, or `sessions.hours` in a mapping within the section. */
  readonly key: string
  /** `RECHARGE_ORDER_TTL_MINS`. */
  readonly envName: string
  readonly isList: boolean
}

/** Every key, in the order of the schema. */
export function configKeys(): readonly ConfigKey[] {
  return Object.entries(configSchema.shape).flatMap(([section, schema]) => {
    const mapping = schema.unwrap()
    // Lists of mappings, such as `merchants` and `sources`, are in the file; see `configLists`.
    if (!(mapping instanceof z.ZodObject)) return []
    return leavesOf(mapping)
      .filter(isOneValue)
      .map(({ key, leaf }) => ({
        section,
        key,
        envName: `${section}_${key}`.replaceAll('.', '_').toUpperCase(),
        isList: leaf instanceof z.ZodArray,
      }))
  })
}

/** Every path of a key, in a list with a star for the place: `sources.*.columns.user_id`. */
export function keyPathsKnown(): readonly string[] {
  const listed = configLists.flatMap(({ path, item, filled }) => {
    const list = path.join('.')
    const keys = [...filled, ...leavesOf(item).map(({ key }) => key)]
    return [...(path.length > 1 ? [list] : []), ...keys.map((key) => `${list}.*.${key}`)]
  })
  return [
    ...configKeys().map(({ section, key }) => `${section}.${key}`),
    ...merchantFileKeys.map((key) => `wechat.${key}`),
    ...listed,
  ]
}

function leavesOf(mapping: z.ZodObject): { readonly key: string; readonly leaf: unknown }[] {
  return Object.entries(mapping.shape).flatMap(([key, schema]) => {
    const leaf = bare(schema)
    if (!(leaf instanceof z.ZodObject)) return { key, leaf }
    return leavesOf(leaf).map((inner) => ({ ...inner, key: `${key}.${inner.key}` }))
  })
}

/** Not a list of mappings, which no variable can hold. */
function isOneValue({ leaf }: { readonly leaf: unknown }): boolean {
  return !(leaf instanceof z.ZodArray && leaf.element instanceof z.ZodObject)
}

function bare(schema: unknown): unknown {
  const isWrapped = schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
  return isWrapped ? bare(schema.unwrap()) : schema
}

/** `WECHAT_API_V3_KEY_FILE` names a file that holds the value of `WECHAT_API_V3_KEY`. */
const fileSuffix = '_FILE'

/** Replaces values of the file by those of the environment, where lists are written `5,5,10`. */
export function overlayEnvironment(tree: ConfigTree, env: NodeJS.ProcessEnv): Overlay {
  let sections = tree
  const origins = new Map<string, string>()
  const unread = new Set<string>()
  const faults = unknownNames(env)
  for (const { section, key, envName, isList } of configKeys()) {
    const given = givenValue(envName, env)
    if (given === null) continue
    if (given.kind === 'fault') {
      faults.push(given.fault)
      unread.add(`${section}.${key}`)
      continue
    }
    const { value, name } = given
    const path = [section, ...key.split('.')]
    const overlaid = withValue(sections, path, isList ? value.split(',') : value)
    if (overlaid === null) continue
    sections = overlaid
    origins.set(`${section}.${key}`, name)
  }
  return { tree: sections, origins, unread, faults }
}

type Given =
  | { readonly kind: 'value'; readonly value: string; readonly name: string }
  | { readonly kind: 'fault'; readonly fault: string }

/**
 * The value of an environment variable, or of the file that its `_FILE` form names. Null: neither
 * is set.
 */
export function givenValue(envName: string, env: NodeJS.ProcessEnv): Given | null {
  const fileName = envName + fileSuffix
  const [value, file] = [env[envName], env[fileName]]
  if (file === undefined)
    return value === undefined ? null : { kind: 'value', value, name: envName }
  if (value !== undefined) {
    return { kind: 'fault', fault: `${fileName}: given together with ${envName}: give one of them` }
  }
  const read = readSecretFile(file)
  return read.kind === 'fault'
    ? { kind: 'fault', fault: `${fileName}: ${read.fault}` }
    : { kind: 'value', value: read.value, name: fileName }
}

/**
 * Only names with this prefix are checked: no other program uses it, so an unknown one is a typing
 * error.
 */
function unknownNames(env: NodeJS.ProcessEnv): string[] {
  const known = configKeys().flatMap(({ envName }) => [envName, envName + fileSuffix])
  return Object.keys(env)
    .filter((name) => name.startsWith('RECHARGE_COMPENSATION_') && !known.includes(name))
    .map((name) => {
      const meant = nearest(
        name.toLowerCase(),
        known.map((each) => each.toLowerCase()),
      )
      return `${name}: unknown environment name${meant === null ? '' : `; did you mean ${meant.toUpperCase()}?`}`
    })
}
