import { stringify } from 'yaml'
import { bareText } from '../../reconcile/export/cells.ts'
import { unitOf } from '../../reconcile/export/known-words.ts'
import type { ExportMap } from '../../reconcile/export/map.ts'
import {
  type ExportLayout,
  isOnce,
  missingUses,
  readExport,
} from '../../reconcile/export/read-export.ts'
import type { Standing } from '../../reconcile/export/row.ts'
import type { CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import type { Prompt } from '../terminal/prompt.ts'
import { reconcileWordsOf } from './words.ts'

/**
 * On a terminal, prompts for the columns and statuses of an export that are neither mapped nor
 * recognized, and prints the answers as a map to keep. Elsewhere they stay open, and are faults.
 */
export async function completeLayout(
  context: CommandContext,
  { file, layout }: { file: string; layout: ExportLayout },
): Promise<ExportLayout> {
  const { prompt } = context.terminal
  if (prompt === undefined) return layout
  const withColumns = await promptColumns(context, { prompt, layout })
  const statuses = await promptStatuses(context, { prompt, file, layout: withColumns })
  if (withColumns === layout && statuses === null) return layout
  const map = { ...withColumns.map, statuses: statuses ?? withColumns.map.statuses }
  const complete = { ...withColumns, map }
  context.output.note(reconcileWordsOf(context.locale).keepMap)
  for (const line of mapText(complete).trimEnd().split('\n')) context.terminal.err(`  ${line}\n`)
  return complete
}

interface Prompting {
  readonly prompt: Prompt
  readonly layout: ExportLayout
}

async function promptColumns(
  { output, locale }: CommandContext,
  { prompt, layout }: Prompting,
): Promise<ExportLayout> {
  const words = reconcileWordsOf(locale)
  const missing = missingUses(layout)
  if (missing.length === 0) return layout
  const { header } = layout
  output.note(words.columns(header.map((name, at) => `${at + 1} ${name}`).join(', ')))
  const columns = { ...layout.columns }
  let { map } = layout
  for (const use of missing) {
    const isStatus = use === 'status'
    const text = words.whichColumn(words.uses[use]) + (isStatus ? words.everyRowPaid : '')
    const column = await promptUntil({ prompt, output, text, again: words.again }, (typed) => {
      if (isStatus && typed === '') return ''
      const name = header[Number(typed) - 1] ?? typed
      // A map could not name a column without a name, and '' stands for none here.
      return name !== '' && isOnce(name, header) ? name : null
    })
    if (column === '') map = { ...map, statuses: 'paid' }
    else columns[use] = column
  }
  return { ...layout, columns, map, unit: map.unit ?? unitOf(columns.amount ?? '') }
}

const standings: Readonly<Record<string, Standing>> = { p: 'paid', u: 'unpaid', r: 'refunded' }

/** Null: all are known. Reads the whole export. */
async function promptStatuses(
  { output, locale }: CommandContext,
  { prompt, file, layout }: Prompting & { readonly file: string },
): Promise<ExportMap['statuses'] | null> {
  const words = reconcileWordsOf(locale)
  const statuses = new Map<string, Standing>(
    layout.map.statuses === 'paid' ? [] : layout.map.statuses,
  )
  const unknown = new Set<string>()
  for await (const { rows, faults } of readExport(file, layout)) {
    for (const { status, standing } of rows) statuses.set(status, standing)
    for (const { problem, value } of faults) {
      if (problem === 'status_unknown' && unknown.size < statusesMax) unknown.add(bareText(value))
    }
  }
  if (unknown.size === 0) return null
  for (const status of unknown) {
    const text = words.whichStanding(status)
    const standing = await promptUntil(
      { prompt, output, text, again: words.again },
      (typed) => standings[typed.toLowerCase()] ?? null,
    )
    statuses.set(status, standing)
  }
  return statuses
}

/** A column with more values is not one of statuses, and nobody answers that often. */
const statusesMax = 30

async function promptUntil<T>(
  given: { prompt: Prompt; output: CommandContext['output']; text: string; again: string },
  accept: (typed: string) => T | null,
): Promise<T> {
  for (;;) {
    const typed = await given.prompt(`${given.text}: `)
    if (typed === null) throw new CommandError('Nothing was compared: the prompts were ended')
    const accepted = accept(typed.trim())
    if (accepted !== null) return accepted
    given.output.note(given.again)
  }
}

function mapText({ columns, unit, map }: ExportLayout): string {
  const named = Object.entries(columns).filter(([, name]) => name !== null)
  const amount = { column: columns.amount, unit }
  const grouped = (standing: Standing) =>
    map.statuses === 'paid'
      ? []
      : [...map.statuses].filter(([, each]) => each === standing).map(([status]) => status)
  const statuses = Object.values(standings)
    .map((standing) => [standing, grouped(standing)] as const)
    .filter(([, words]) => words.length > 0)
  return stringify({
    columns: { ...Object.fromEntries(named), amount },
    status: map.statuses === 'paid' ? 'paid' : Object.fromEntries(statuses),
    ...(map.only.size > 0 ? { only: Object.fromEntries(map.only) } : {}),
  })
}
