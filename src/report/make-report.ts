import { assert } from '../domain/assert.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { Breaker } from '../job/breaker.ts'
import { type OrderSource, type ReadWindow, SourceError } from '../sources/source.ts'
import { dayMs, minuteMs } from '../text/time-units.ts'
import type { Unanswered } from './compare.ts'
import { patiently } from './read-pages.ts'
import { type Report, reportOf, type SourceEnd } from './report.ts'
import { rereadFindings, withoutRepeats } from './reread.ts'
import { SourceReport } from './source-report.ts'
import { resumeOrCreate } from './state/resume.ts'
import type { Header } from './state/shapes.ts'
import { SourceState } from './state/state.ts'
import type { StateFile } from './state/state-file.ts'
import type { Stopper } from './stopper.ts'
import { defaultWaits, type Waits } from './waits.ts'

/** What a report needs. Nothing is written but the state file. */
export interface Reporting {
  /** `days`: how long ago the oldest row was created. */
  readonly sources: readonly { readonly source: OrderSource; readonly days: number }[]
  readonly gateway: Gateway
  /** Queries at a time. */
  readonly concurrency: number
  /** A report that is resumed keeps its own days. */
  readonly anyDays: boolean
  readonly now: Date
  /** The path of the state file. One that is there is resumed. */
  readonly file: string
  readonly stopper: Stopper
  readonly listener: ReportListener
  readonly waits?: Waits
}

/** Follows a report while it is made. */
export interface ReportListener {
  /** Called once, before the first query. About how many rows there are, and how many were answered before. */
  begin(total: number, done: number): void
  progress(done: number): void
  /** Many answers in a row were "no such order". */
  doubt(message: string): void
  unanswered(unanswered: Unanswered): void
}

/** Clocks that are further apart are wrong. */
const skewMs = 5 * minuteMs

/** Throws `StateFileError` for a state file that cannot be used. */
export async function makeReport(parts: Reporting): Promise<Report> {
  const { sources, now, stopper } = parts
  const { name: gateway, mchid, appids } = parts.gateway
  const wanted = {
    version: 1 as const,
    ...{ gateway, mchid, appids, startedAt: now },
    sources: sources.map(({ source: { name, place }, days }) => ({ name, place, days })),
  }
  const file = resumeOrCreate(parts.file, wanted, parts)
  try {
    const states = statesOf(sources, file)
    const counted: Counted[] = []
    for (const each of states) counted.push({ ...each, estimate: await estimate(each) })
    await queryAll(parts, { file, counted })
    const ends: SourceEnd[] = []
    for (const each of counted) ends.push(await endOf(parts, each))
    const resumedFrom = file.isResumed ? file.header.startedAt : null
    return reportOf(ends, { stopped: stopper.reason, resumedFrom })
  } finally {
    file.close()
  }
}

interface ReportedSource {
  readonly source: OrderSource
  readonly window: ReadWindow
  readonly state: SourceState
}

interface Counted extends ReportedSource {
  readonly estimate: number
}

/** Where the report that is resumed has stopped; at the beginning for a new one. */
function statesOf(sources: Reporting['sources'], file: StateFile): ReportedSource[] {
  const states = sources.map(({ source }) => ({
    ...{ source, window: windowOf(file.header, source), state: new SourceState() },
  }))
  for (const entry of file.entries) {
    states.find(({ source }) => source.name === entry.source)?.state.apply(entry)
  }
  return states
}

function windowOf({ startedAt, sources }: Header, { name }: OrderSource): ReadWindow {
  const days = sources.find((each) => each.name === name)?.days
  assert(days !== undefined, `The state file has no source "${name}"`)
  return { from: new Date(+startedAt - days * dayMs), to: new Date(+startedAt + skewMs) }
}

/** At least the rows that were read. For progress only: a source that cannot count them may still be read. */
async function estimate({ source, window, state }: ReportedSource): Promise<number> {
  if (state.isRead) return state.rows
  try {
    return Math.max(await source.estimate(window), state.rows)
  } catch (error) {
    if (error instanceof SourceError) return state.rows
    throw error
  }
}

async function queryAll(
  parts: Reporting,
  { file, counted }: { file: StateFile; counted: readonly Counted[] },
): Promise<void> {
  const { gateway, stopper, listener, concurrency, waits = defaultWaits } = parts
  const breaker = openBreaker(parts)
  let done = counted.reduce((sum, { state }) => sum + state.rows - state.left.size, 0)
  listener.begin(
    counted.reduce((sum, { estimate }) => sum + estimate, 0),
    done,
  )
  for (const { source, window, state } of counted) {
    if (stopper.reason !== null) return
    const report = new SourceReport({
      ...{ source, state, gateway, breaker, stopper, window, concurrency, waits },
      record: (entry) => {
        file.append(entry)
        state.apply(entry)
      },
      onRows: (count) => {
        done += count
        if (count > 0) listener.progress(done)
      },
      onUnanswered: listener.unanswered,
      onDoubt: listener.doubt,
    })
    await report.make()
  }
}

/** It opens, and stops the report, when every query would fail for one cause. */
function openBreaker({ gateway, stopper }: Reporting): Breaker {
  const breaker = new Breaker(() => {}, { causeWords: gateway.causeWords })
  breaker.held.addEventListener('abort', () => {
    stopper.stop({ kind: 'gateway', message: breaker.reason ?? '' })
  })
  return breaker
}

/** Also after a stop: the list of then must not have rows that are credited by now. */
async function endOf(parts: Reporting, { source, state, estimate }: Counted): Promise<SourceEnd> {
  const findings = withoutRepeats(state.findings)
  const call = () => rereadFindings(source, findings)
  const other = { listed: findings, creditedCount: 0 }
  const reread = await readOr(parts, source, { call, other })
  return { name: source.name, state, estimate, ...reread }
}

/** What the source says, or `other` when it cannot be read: then the report is stopped. */
async function readOr<T>(
  { stopper, waits = defaultWaits }: Reporting,
  { name }: OrderSource,
  { call, other }: { call: () => Promise<T>; other: T },
): Promise<T> {
  try {
    return await patiently({ waitsMs: waits.sourceMs, signal: stopper.signal }, call)
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    stopper.stop({ kind: 'source', source: name, message: error.message })
    return other
  }
}
