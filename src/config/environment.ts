import { z } from 'zod'
import { type ConfigTree, isMapping } from './file.ts'
import { configSchema } from './schema.ts'
import { nearest } from './suggest.ts'

/** One key of the configuration. */
export interface ConfigKey {
  readonly section: string
  readonly key: string
  /** `RECHARGE_ORDER_TTL_MINS`. */
  readonly envName: string
  readonly isList: boolean
}

/** Every key, in the order of the schema. */
export function configKeys(): readonly ConfigKey[] {
  return Object.entries(configSchema.shape).flatMap(([section, schema]) =>
    Object.entries(schema.unwrap().shape).map(([key, leaf]) => ({
      section,
      key,
      envName: `${section}_${key}`.toUpperCase(),
      isList: isList(leaf),
    })),
  )
}

function isList(schema: unknown): boolean {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return isList(schema.unwrap())
  }
  return schema instanceof z.ZodArray
}

export interface Overlay {
  readonly tree: ConfigTree
  /** Paths (`server.port`) whose value came from the environment, with its name there. */
  readonly origins: ReadonlyMap<string, string>
  readonly faults: readonly string[]
}

/** Lays the environment's values over the file's. Lists are written `5,5,10` there. */
export function overlayEnvironment(tree: ConfigTree, env: NodeJS.ProcessEnv): Overlay {
  const sections: Record<string, unknown> = { ...tree }
  const origins = new Map<string, string>()
  for (const { section, key, envName, isList } of configKeys()) {
    const value = env[envName]
    const keys = sections[section] ?? {}
    // A section that is no mapping is a fault of its own, and found by the schema.
    if (value === undefined || !isMapping(keys)) continue
    sections[section] = { ...keys, [key]: isList ? value.split(',') : value }
    origins.set(`${section}.${key}`, envName)
  }
  return { tree: sections, origins, faults: unknownNames(env) }
}

/** Other names may be anybody's; this prefix is ours alone, so a typing slip in it can be told. */
function unknownNames(env: NodeJS.ProcessEnv): string[] {
  const known = configKeys().map(({ envName }) => envName)
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
