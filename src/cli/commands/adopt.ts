import type { Budan } from '../../service.ts'
import { adoptBatch, type BatchResult, batchMax } from '../../web/api/adopt-batch.ts'
import { localActor } from '../actor.ts'
import { type AdoptionRow, adoptionRows, countRows } from '../adoption-file.ts'
import type { CommandContext, CommandInput } from '../context.ts'
import type { Output } from '../terminal/output.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { stopping } from '../terminal/stop.ts'
import type { ExitCode } from '../terminal/terminal.ts'
import { withService } from '../with-service.ts'

interface Adopted {
  /** Orders that are here now, adopted by this command or before. */
  readonly adopted: number
  readonly refused: readonly Refused[]
  /** The rest of the file was not read, because of a signal. */
  readonly stopped: boolean
}

interface Refused extends BatchResult {
  readonly line: number
}

/**
 * Adopts the orders of a CSV file, a batch at a time; may be repeated. The whole file is read once before,
 * so that nothing is adopted from a file that is damaged.
 */
export async function adopt(
  context: CommandContext,
  { args: [file = ''] }: CommandInput,
): Promise<ExitCode> {
  const { output } = context
  const rows = await countRows(file)
  const progress = createProgress(context.terminal)
  const adopted = await withService(context, async (budan, stopRequested) => {
    const stop = new AbortController()
    void stopRequested.then(() => {
      progress.note(stopping)
      stop.abort()
    })
    progress.stage(rows === 1 ? 'Adopting 1 order' : `Adopting ${rows} orders`, rows)
    return adoptFile(budan, { file, progress, signal: stop.signal }).finally(() => progress.end())
  })
  if (output.asJson) output.json(adopted)
  else showAdopted(output, { ...adopted, rows })
  return adopted.refused.length === 0 && !adopted.stopped ? 0 : 1
}

async function adoptFile(
  budan: Budan,
  { file, progress, signal }: { file: string; progress: Progress; signal: AbortSignal },
): Promise<Adopted> {
  const refused: Refused[] = []
  let done = 0
  for await (const batch of batchesOf(adoptionRows(file))) {
    if (signal.aborted) return { adopted: done - refused.length, refused, stopped: true }
    const by = { now: new Date(), actor: localActor() }
    const results = await adoptBatch(
      budan,
      batch.map(({ order }) => order),
      by,
    ).catch((error: unknown) => {
      progress.note(interrupted(done))
      throw error
    })
    for (const [nth, result] of results.entries()) {
      if (result.code !== undefined) refused.push({ line: batch[nth]?.line ?? 0, ...result })
    }
    done += batch.length
    progress.progress(done)
  }
  return { adopted: done - refused.length, refused, stopped: false }
}

/** Whether the batch in flight was stored is not always known; a repetition finds out. */
function interrupted(done: number): string {
  return `Interrupted after ${done} rows: run the same command again, which adopts nothing twice.`
}

async function* batchesOf(
  rows: AsyncIterable<AdoptionRow>,
): AsyncGenerator<readonly AdoptionRow[]> {
  let batch: AdoptionRow[] = []
  for await (const row of rows) {
    batch.push(row)
    if (batch.length === batchMax) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

function showAdopted(
  output: Output,
  { adopted, refused, stopped, rows }: Adopted & { rows: number },
) {
  if (refused.length > 0) {
    output.table(
      ['line', 'order_no', 'code', 'reason'],
      refused.map(({ line, order_no, code = null, message = '' }) => [
        ...[line, order_no, code, output.say(message)],
      ]),
    )
  }
  output.line(`adopted=${adopted} refused=${refused.length} total=${rows}`)
  if (stopped) output.line('Stopped by a signal: run the same command again for the rest.')
}
