import { openStore } from '../../store/open.ts'
import type { CommandContext } from '../context.ts'
import type { ExitCode } from '../terminal.ts'

/** Brings the schema up to date. Refuses one that a newer program made unfit for this one. */
export async function migrate({ config, output }: CommandContext): Promise<ExitCode> {
  const store = await openStore(config('database').database.url)
  try {
    const applied = await store.migrate()
    if (output.asJson) output.json({ applied })
    else if (applied.length === 0) output.line('the database is up to date')
    else for (const name of applied) output.line(`applied ${name}`)
    return 0
  } finally {
    await store.close()
  }
}
