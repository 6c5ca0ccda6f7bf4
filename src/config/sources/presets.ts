import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../package-root.ts'
import { nearest } from '../../text/suggest.ts'
import { type ConfigTree, isMapping, readConfigFile } from '../file.ts'
import type { Place } from '../filling/fill.ts'
import { shown } from '../values.ts'

/** Names of the files in `presets/`, which are parts of `sources:` for tables that many shops have. */
export function presetNames(): readonly string[] {
  return readdirSync(presetsFolder())
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort()
}

/** What a preset has, under what the source says itself. */
export function fillPreset(
  source: ConfigTree,
  { place, faults }: Pick<Place, 'place' | 'faults'>,
): ConfigTree {
  const { preset, ...own } = source
  if (preset === undefined) return own
  const names = presetNames()
  const name = typeof preset === 'string' ? preset.trim() : ''
  if (!names.includes(name)) {
    const near = nearest(name, names)
    const hint = near === null ? `: there are ${names.join(', ')}` : `; did you mean ${near}?`
    const given = typeof preset === 'string' ? shown(preset) : 'a list or a mapping'
    faults.push(`${place}.preset: ${given} is no preset${hint}`)
    return own
  }
  const { needs, ...filling } = readConfigFile(join(presetsFolder(), `${name}.yaml`))
  if (isMapping(needs)) faults.push(...unanswered(needs, { own, place, name }))
  return merged(filling, own)
}

/** What the preset does not know: each such key must be given, even where the preset has a guess. */
function unanswered(
  needs: ConfigTree,
  { own, place, name }: { own: ConfigTree; place: string; name: string },
): readonly string[] {
  return Object.entries(needs)
    .filter(([path]) => valueAt(own, path) === undefined)
    .map(
      ([path, why]) => `${place}.${path}: not set, and the preset ${name} cannot know it: ${why}`,
    )
}

function valueAt(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((held, key) => (isMapping(held) ? held[key] : undefined), tree)
}

/** Keys of mappings one by one; a list, and what names other columns, as a whole. */
function merged(filling: ConfigTree, own: ConfigTree): ConfigTree {
  const inner = Object.entries(own).map(([key, value]) => {
    const below = filling[key]
    const isMerged = isMapping(value) && isMapping(below) && !isWhole(key, value)
    return [key, isMerged ? merged(below, value) : value]
  })
  return { ...filling, ...Object.fromEntries(inner) }
}

function isWhole(key: string, value: ConfigTree): boolean {
  if (key === 'status' || key === 'columns') return false
  return key === 'only' || ['column', 'sum', 'minutes'].some((name) => value[name] !== undefined)
}

function presetsFolder(): string {
  return join(packageRoot(), 'presets')
}
