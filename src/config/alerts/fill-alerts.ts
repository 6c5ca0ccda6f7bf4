import type { ConfigTree, Overlay } from '../file.ts'
import { fillItems, fillKey, type Origin, type Place, variableOf } from '../filling/fill.ts'

/** Fills in the url and the secret of each alert. One without a name has that of its kind. */
export function fillAlerts(overlay: Overlay, origin: Origin): Overlay {
  return fillItems(overlay, { path: ['alerts'], origin, fill: fillAlert })
}

function fillAlert(alert: ConfigTree, at: Place): ConfigTree {
  const envName = (key: string) => variableOf('ALERTS', alert.name ?? alert.kind, key)
  return ['url', 'secret'].reduce(
    (filled, key) => fillKey(filled, { key, at, envName: envName(key) }),
    alert,
  )
}
