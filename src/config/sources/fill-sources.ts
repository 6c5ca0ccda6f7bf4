import { dirname, resolve } from 'node:path'
import { givenValue } from '../environment.ts'
import { type ConfigTree, isMapping } from '../file.ts'
import { anchorUrl } from '../paths.ts'
import { readSecretFile } from '../secret-file.ts'
import { type Filled, fillPreset } from './presets.ts'

interface Origin {
  /** The configuration file; null: there is none. */
  readonly file: string | null
  readonly env: NodeJS.ProcessEnv
}

/**
 * Fills in what a source does not say itself: its preset, and its address from the environment
 * (`SOURCES_SHOP_URL`, `SOURCES_SHOP_URL_FILE`) or from the file that `url_file` names. The schema checks
 * the result.
 */
export function fillSources(tree: ConfigTree, origin: Origin): Filled<ConfigTree> {
  const { sources } = tree
  if (!Array.isArray(sources)) return { tree, faults: [] }
  const filled = sources.map((source: unknown, at) =>
    isMapping(source) ? fillSource(source, { ...origin, place: `sources[${at}]` }) : plain(source),
  )
  return {
    tree: { ...tree, sources: filled.map((each) => each.tree) },
    faults: filled.flatMap(({ faults }) => faults),
  }
}

function plain(tree: unknown): Filled<unknown> {
  return { tree, faults: [] }
}

function fillSource(source: ConfigTree, at: Origin & { place: string }): Filled<ConfigTree> {
  const preset = fillPreset(source, at.place)
  const address = fillAddress(preset.tree, at)
  return { tree: address.tree, faults: [...preset.faults, ...address.faults] }
}

function fillAddress(
  source: ConfigTree,
  { file, env, place }: Origin & { place: string },
): Filled<ConfigTree> {
  const { url_file: urlFile, ...rest } = source
  const home = file === null ? process.cwd() : resolve(dirname(file))
  const fromEnv = typeof rest.name === 'string' ? givenValue(envNameOf(rest.name), env) : null
  if (fromEnv?.kind === 'fault') return { tree: rest, faults: [fromEnv.fault] }
  if (fromEnv !== null) return plainUrl(rest, fromEnv.value)
  if (urlFile === undefined) {
    const { url } = rest
    return typeof url === 'string' ? plainUrl(rest, anchorUrl(url.trim(), home)) : withTree(rest)
  }
  if (rest.url !== undefined) {
    const fault = `${place}.url_file: given together with url: give one of them`
    return { tree: rest, faults: [fault] }
  }
  const read = readSecretFile(typeof urlFile === 'string' ? resolve(home, urlFile) : '')
  if (read.kind === 'fault') return { tree: rest, faults: [`${place}.url_file: ${read.fault}`] }
  return plainUrl(rest, anchorUrl(read.value.trim(), home))
}

function envNameOf(name: string): string {
  return `SOURCES_${name.replaceAll('-', '_').toUpperCase()}_URL`
}

function plainUrl(source: ConfigTree, url: string): Filled<ConfigTree> {
  return withTree({ ...source, url })
}

function withTree(tree: ConfigTree): Filled<ConfigTree> {
  return { tree, faults: [] }
}
