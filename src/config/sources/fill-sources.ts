import type { ConfigTree, Overlay } from '../file.ts'
import { fillItems, fillKey, type Origin, type Place, variableOf } from '../filling/fill.ts'
import { anchorUrl } from '../paths.ts'
import { fillPreset } from './presets.ts'

/** Fills in what a source does not say itself: its preset, and its address. */
export function fillSources(overlay: Overlay, origin: Origin): Overlay {
  return fillItems(overlay, { path: ['sources'], origin, fill: fillSource })
}

function fillSource(source: ConfigTree, at: Place): ConfigTree {
  const envName = variableOf('SOURCES', source.name, 'url')
  const filled = fillKey(fillPreset(source, at), { key: 'url', at, envName })
  const { url } = filled
  if (typeof url !== 'string' || at.origins.has(`${at.place}.url`)) return filled
  return { ...filled, url: anchorUrl(url.trim(), at.home) }
}
