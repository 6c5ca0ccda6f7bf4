import type { Header } from './shapes.ts'
import { StateFile, StateFileError } from './state-file.ts'

/** The state file of a report: the one that is there, if it is about the same; else a new one. */
export function resumeOrCreate(
  path: string,
  wanted: Header,
  { anyDays }: { anyDays: boolean },
): StateFile {
  const file = StateFile.open(path)
  if (file === null) return StateFile.create(path, wanted)
  const days = anyDays ? file.header.days : wanted.days
  const difference = differenceOf(file.header, { ...wanted, days })
  if (difference === null) return file
  file.close()
  throw new StateFileError(`Cannot resume from ${JSON.stringify(path)}: ${difference}`)
}

/** What the other report is about; null: it is about the same. */
function differenceOf(theirs: Header, ours: Header): string | null {
  const merchant = ({ gateway, mchid }: Header) => `merchant ${mchid} (${gateway})`
  const appids = (header: Header) => `app ids ${[...header.appids].sort().join(', ')}`
  const days = (header: Header) => `${header.days} days`
  for (const facet of [merchant, appids, days, sources]) {
    const [was, is] = [facet(theirs), facet(ours)]
    if (was !== is) return `it is about ${was}, and this report is about ${is}`
  }
  return null
}

function sources(header: Header): string {
  const each = header.sources.map(({ name, place }) => `"${name}" (${place})`)
  return `${each.length === 1 ? 'source' : 'sources'} ${each.join(', ')}`
}
