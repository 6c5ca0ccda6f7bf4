import { resolve } from 'node:path'
import { givenValue } from '../environment.ts'
import { type ConfigTree, isMapping, type Overlay } from '../file.ts'
import { homeOf } from '../paths.ts'
import { readSecretFile } from '../secret-file.ts'

interface Origin {
  /** The configuration file; null: there is none. */
  readonly file: string | null
  readonly env: NodeJS.ProcessEnv
}

const secretKeys = ['url', 'secret'] as const

/**
 * Fills in the url and the secret of each alert: from the environment, which wins (`ALERTS_ONCALL_URL`,
 * `ALERTS_ONCALL_URL_FILE`), or from the file that `url_file` or `secret_file` names. The schema checks
 * the result.
 */
export function fillAlerts(overlay: Overlay, { file, env }: Origin): Overlay {
  const { alerts } = overlay.tree
  if (!Array.isArray(alerts)) return overlay
  const filling: Filling = {
    ...{ env, home: homeOf(file), faults: [...overlay.faults] },
    ...{ origins: new Map(overlay.origins), unread: new Set(overlay.unread) },
  }
  const filled = alerts.map((alert: unknown, at) =>
    isMapping(alert) ? fillAlert(alert, `alerts[${at}]`, filling) : alert,
  )
  const { faults, origins, unread } = filling
  return { tree: { ...overlay.tree, alerts: filled }, faults, origins, unread }
}

interface Filling {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  readonly faults: string[]
  readonly origins: Map<string, string>
  readonly unread: Set<string>
}

function fillAlert(alert: ConfigTree, place: string, filling: Filling): ConfigTree {
  return secretKeys.reduce((filled, key) => fillKey(filled, { place, key }, filling), alert)
}

function fillKey(
  alert: ConfigTree,
  { place, key }: { place: string; key: (typeof secretKeys)[number] },
  { env, home, faults, origins, unread }: Filling,
): ConfigTree {
  const { [`${key}_file`]: file, ...rest } = alert
  const path = `${place}.${key}`
  const without = (fault: string) => {
    faults.push(fault)
    unread.add(path)
    return rest
  }
  const given = givenValue(`ALERTS_${envNameOf(alert)}_${key.toUpperCase()}`, env)
  if (given?.kind === 'fault') return without(given.fault)
  if (given !== null) {
    origins.set(path, given.name)
    return { ...rest, [key]: given.value }
  }
  if (file === undefined) return alert
  if (rest[key] !== undefined) {
    return without(`${path}_file: given together with ${key}: give one of them`)
  }
  const read = readSecretFile(typeof file === 'string' ? resolve(home, file.trim()) : '')
  return read.kind === 'fault'
    ? without(`${path}_file: ${read.fault}`)
    : { ...rest, [key]: read.value }
}

/** One without a name has that of its kind. */
function envNameOf({ name, kind }: ConfigTree): string {
  return String(name ?? kind)
    .trim()
    .replaceAll('-', '_')
    .toUpperCase()
}

/** The paths of files that hold urls and secrets of alerts, as the configuration file names them. */
export function alertSecretFiles({ alerts }: ConfigTree, file: string): readonly string[] {
  if (!Array.isArray(alerts)) return []
  return alerts.flatMap((alert: unknown) =>
    secretKeys.flatMap((key) => {
      const path = isMapping(alert) ? alert[`${key}_file`] : undefined
      return typeof path === 'string' && path.trim() !== ''
        ? [resolve(homeOf(file), path.trim())]
        : []
    }),
  )
}
