import { openStore } from '../../store/open.ts'
import type { MigrationStep } from '../../store/schema/state.ts'
import type { Command } from '../context.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'

/** Brings the schema up to date. Refuses a schema that a newer program changed in a breaking way. */
export const migrate: Command = async ({ config, output, terminal }, { options }) => {
  // A new directory would be created with its tables, and no migration would be listed.
  const store = await openStore(config('database').database.url, { withTables: false })
  const grants = typeof options.grants === 'string' ? options.grants : null
  const progress = createProgress(terminal, { isFew: true })
  try {
    const onStep = migrationProgress(progress)
    const applied = await store
      .migrate({ breaking: options.breaking === true, onStep, ...(grants !== null && { grants }) })
      .finally(() => progress.end())
    const { held } = await store.schema()
    if (output.asJson) {
      output.json({ applied, held, ...(grants !== null && { granted: grants }) })
      return 0
    }
    for (const name of applied) output.line(`applied ${name}`)
    if (applied.length === 0 && held.length === 0) output.line('the database is up to date')
    if (grants !== null) output.line(`granted ${grants}`)
    for (const name of held) output.line(`held ${name}`)
    if (held.length > 0) output.note(heldNote)
    return 0
  } finally {
    await store.close()
  }
}

const heldNote =
  'A step waits: once no process of the version before runs, run `budan migrate --breaking`.'

/** Each step is a migration, which may take long on a large table. */
function migrationProgress(progress: Progress): (step: MigrationStep) => void {
  let total = 0
  let printed = ''
  return ({ kind, name, toDo }) => {
    const isFirst = total === 0
    total = Math.max(total, toDo)
    const nth = total - toDo + 1
    const title =
      kind === 'waiting'
        ? `${name} waits until its tables are free, and is applied then`
        : `Applying ${name} (${nth} of ${total})`
    // A waiting migration is started again every half second: printed once.
    if (printed === `${kind} ${name}` || (kind === 'begun' && printed === `waiting ${name}`)) return
    printed = `${kind} ${name}`
    if (isFirst) progress.stage(title, total)
    else progress.note(title)
    progress.progress(nth - 1)
  }
}
