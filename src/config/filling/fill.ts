import { resolve } from 'node:path'
import { givenValue } from '../environment.ts'
import { type ConfigTree, isMapping, type Overlay, textOf, withValue } from '../file.ts'
import { readSecretFile } from '../keys/secret-file.ts'
import { envNameOf } from '../merchants/merchant-sections.ts'
import { homeOf } from '../paths.ts'
import { itemsIn } from './lists.ts'

export interface Origin {
  /** The configuration file; null: there is none. */
  readonly file: string | null
  readonly env: NodeJS.ProcessEnv
}

/** What values are filled in from, and what is noted of them, as an `Overlay` has it. */
export interface Filling {
  readonly env: NodeJS.ProcessEnv
  /** The folder of the configuration file. */
  readonly home: string
  readonly origins: Map<string, string>
  readonly unread: Set<string>
  readonly faults: string[]
}

/** A mapping that is filled in. */
export interface Place extends Filling {
  /** `wechat`, `alerts[1]`. */
  readonly place: string
}

export function fillingOf({ origins, unread, faults }: Overlay, { file, env }: Origin): Filling {
  return {
    ...{ env, home: homeOf(file), origins: new Map(origins) },
    ...{ unread: new Set(unread), faults: [...faults] },
  }
}

interface ItemsRequest {
  readonly path: readonly string[]
  readonly origin: Origin
  readonly fill: (item: ConfigTree, at: Place) => ConfigTree
}

/** Fills in each item of a list. What is no mapping stays, for the schema to report. */
export function fillItems(overlay: Overlay, { path, origin, fill }: ItemsRequest): Overlay {
  const items = itemsIn(overlay.tree, path)
  if (items === null) return overlay
  const filling = fillingOf(overlay, origin)
  const filled = items.map((item, at) =>
    isMapping(item) ? fill(item, { ...filling, place: `${path.join('.')}[${at}]` }) : item,
  )
  const { origins, unread, faults } = filling
  const tree = withValue(overlay.tree, path, filled) ?? overlay.tree
  return { tree, origins, unread, faults }
}

interface KeyRequest {
  readonly key: string
  readonly at: Place
  /** Null: no variable is read here. */
  readonly envName?: string | null
  /** All keys that the value stands for. */
  readonly keys?: readonly string[]
  readonly valuesOf?: (value: string) => ConfigTree
}

/**
 * Fills in the value of a key: from the environment, which wins (`ALERTS_ONCALL_URL`,
 * `ALERTS_ONCALL_URL_FILE`), or from the file that `url_file` names. The schema checks the result.
 */
export function fillKey(
  item: ConfigTree,
  { key, at, envName = null, keys = [key], valuesOf = (value) => ({ [key]: value }) }: KeyRequest,
): ConfigTree {
  const { place, env, home, origins, unread, faults } = at
  const { [`${key}_file`]: file, ...rest } = item
  const path = `${place}.${key}`
  const without = (fault: string) => {
    faults.push(fault)
    unread.add(path)
    return rest
  }
  const given = envName === null ? null : givenValue(envName, env)
  if (given?.kind === 'fault') return without(given.fault)
  if (given !== null) {
    for (const each of keys) origins.set(`${place}.${each}`, given.name)
    // What the file says is replaced as a whole.
    const others = Object.entries(rest).filter(([each]) => !keys.includes(each))
    return { ...Object.fromEntries(others), ...valuesOf(given.value) }
  }
  if (file === undefined || origins.has(path)) return rest
  if (keys.some((each) => rest[each] !== undefined)) {
    return without(`${path}_file: given together with ${key}: give one of them`)
  }
  const read = readSecretFile(typeof file === 'string' ? resolve(home, file.trim()) : '')
  return read.kind === 'fault'
    ? without(`${path}_file: ${read.fault}`)
    : { ...rest, ...valuesOf(read.value) }
}

/** `ALERTS_ONCALL_URL`. Null: the item has no name. */
export function variableOf(section: string, name: unknown, key: string): string | null {
  const text = textOf(name)
  return text === null ? null : `${section}_${envNameOf(text)}_${key}`.toUpperCase()
}
