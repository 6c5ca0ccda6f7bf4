import { stringify } from 'yaml'
import { schemaFaults } from '../../config/schema-faults.ts'
import { assembleSource } from '../../config/sources/assemble-sources.ts'
import { sourceSchema } from '../../config/sources/source-schema.ts'
import { sourceAddressFault } from '../../servers/addresses.ts'
import { findTable, listTables, statusesOf } from '../../sources/connect/explore.ts'
import { propose, proposeStatuses } from '../../sources/connect/propose.ts'
import type { TableFacts } from '../../sources/databases/table-facts.ts'
import { examineSource } from '../../sources/examine.ts'
import type { CommandContext } from '../context.ts'
import { CommandError, describeFailure } from '../failure.ts'
import { showSource } from '../sources/show.ts'
import { sourceWordsOf } from './source-words.ts'

type PromptFor = (what: string, offered: string | null) => Promise<string>

/** As the file has it. */
type SourceTree = Readonly<Record<string, unknown>>

/**
 * Offers to connect a table of orders that the shop keeps itself: prompts for it, shows its rows as they
 * are understood, and returns the lines of `sources:`; without a table, nothing.
 */
export async function offerSource(context: CommandContext): Promise<string> {
  const { prompt } = context.terminal
  if (prompt === undefined) return ''
  const words = sourceWordsOf(context.locale)
  const wanted = await prompt(words.offer)
  if (!words.yes.includes(wanted?.trim().toLowerCase() ?? '')) return ''
  const promptFor: PromptFor = async (what, offered) => {
    for (;;) {
      const text = `${what}${offered === null ? '' : ` [${offered}]`}: `
      const typed = await prompt(text)
      if (typed === null) throw new CommandError('Nothing was written: the prompts were ended')
      const answer = typed.trim() || offered
      if (answer !== null) return answer
    }
  }
  for (;;) {
    const url = await promptAddress(context)
    const tree = await describe(context, { url, promptFor })
    if (tree !== null && (await isRight(context, tree, promptFor))) {
      return `\n# docs/sources.md\nsources:\n${indented(stringify([tree], { lineWidth: 0 }))}`
    }
  }
}

/** Not shown while it is typed: it may hold a password. */
async function promptAddress({ terminal, output, locale }: CommandContext): Promise<string> {
  const words = sourceWordsOf(locale)
  for (;;) {
    const typed = await terminal.prompt?.(words.url, { hidden: true })
    if (typed == null) throw new CommandError('Nothing was written: the prompts were ended')
    const fault = sourceAddressFault(typed.trim())
    if (fault === null) return typed.trim()
    output.note(`url: ${fault}`)
  }
}

/** Null: the database or the table could not be read, and the person begins again. */
async function describe(
  context: CommandContext,
  { url, promptFor }: { readonly url: string; readonly promptFor: PromptFor },
): Promise<SourceTree | null> {
  const { output, terminal } = context
  try {
    output.note((await listTables(url)).join('\n'))
    const table = await promptFor('table', null)
    const facts = await findTable(url, table)
    return { name: 'shop', url, table, ...(await promptMapping({ url, facts, promptFor })) }
  } catch (error) {
    if (error instanceof CommandError) throw error
    for (const line of describeFailure(error).lines) output.note(terminal.redact(line))
    return null
  }
}

async function promptMapping(given: {
  readonly url: string
  readonly facts: TableFacts
  readonly promptFor: PromptFor
}): Promise<SourceTree> {
  const { url, facts, promptFor } = given
  const proposed = propose(facts)
  const columns = {
    order_no: await promptFor('columns.order_no', proposed.orderNo),
    user_id: await promptFor('columns.user_id', proposed.userId),
    amount: {
      column: await promptFor('columns.amount.column', proposed.amount),
      unit: await promptFor('columns.amount.unit', proposed.unit),
    },
    created_at: await promptTime(given, proposed.createdAt),
  }
  const column = await promptFor('status.column', proposed.status)
  const statuses = await statusesOf({ url, facts, column })
  const likely = proposeStatuses(statuses)
  const listed = async (key: string, offered: readonly string[]) => {
    const text = await promptFor(`status.${key} (${statuses.join(', ')})`, offered.join(' ') || '-')
    return text === '-' ? [] : text.split(/[\s,]+/)
  }
  const pending = await listed('pending', likely.pending)
  const revive = await listed('revive', likely.revive)
  const done = await listed('done', likely.paid)
  return { columns, status: { column, pending, revive, done } }
}

async function promptTime(
  { facts, promptFor }: { facts: TableFacts; promptFor: PromptFor },
  proposed: string | null,
) {
  const column = await promptFor('columns.created_at.column', proposed)
  const kind = facts.columns.find(({ name }) => name === column)?.kind
  if (kind === 'local')
    return { column, zone: await promptFor('columns.created_at.zone', 'Asia/Shanghai') }
  const isNumber = kind === 'integer' || kind === 'decimal' || kind === 'float'
  return isNumber ? { column, unix: await promptFor('columns.created_at.unix', 's') } : { column }
}

/** Shows what would be read; false: the person wants to begin again. */
async function isRight(
  { output, terminal, locale }: CommandContext,
  tree: SourceTree,
  promptFor: PromptFor,
): Promise<boolean> {
  const parsed = sourceSchema.safeParse(tree)
  if (!parsed.success) {
    for (const fault of schemaFaults(parsed.error.issues, { origins: new Map() }))
      output.note(fault)
    return false
  }
  const words = sourceWordsOf(locale)
  try {
    showSource(output, await examineSource(assembleSource(parsed.data, ''), new Date()))
  } catch (error) {
    for (const line of describeFailure(error).lines) output.note(terminal.redact(line))
    return false
  }
  return words.yes.includes((await promptFor(words.isRight, 'y')).toLowerCase())
}

function indented(yaml: string): string {
  return yaml.replaceAll(/^(?=.)/gm, '  ')
}
