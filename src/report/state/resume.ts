import type { Header } from './shapes.ts'
import { StateFile, StateFileError } from './state-file.ts'

/**
 * The state file of a report: the one that is there, if it is about the same; else a new one.
 * @param anyDays no days were given: those of the file are taken.
 */
export function resumeOrCreate(
  path: string,
  wanted: Header,
  { anyDays }: { anyDays: boolean },
): StateFile {
  const file = StateFile.open(path)
  if (file === null) return StateFile.create(path, wanted)
  const facets = [merchant, appids, sources, ...(anyDays ? [] : [days])]
  const different = facets.find((facet) => facet(file.header) !== facet(wanted))
  if (different === undefined) return file
  file.close()
  const [theirs, ours] = [different(file.header), different(wanted)]
  throw new StateFileError(
    `Cannot resume from ${JSON.stringify(path)}: it is about ${theirs}, and this report is about ${ours}`,
  )
}

function merchant({ mchid, gateway }: Header): string {
  return `merchant ${mchid} (${gateway})`
}

function appids(header: Header): string {
  return `app ids ${[...header.appids].sort().join(', ')}`
}

function sources(header: Header): string {
  const each = header.sources.map(({ name, place }) => `"${name}" (${place})`)
  return `${each.length === 1 ? 'source' : 'sources'} ${each.join(', ')}`
}

function days(header: Header): string {
  const each = header.sources.map((source) => source.days)
  return `${[...new Set(each)].join(', ')} days`
}
