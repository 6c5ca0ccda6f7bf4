import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config, MerchantConfig } from '../../config/config.ts'
import { ConfigError } from '../../config/fault.ts'
import { isGiven } from '../../config/load.ts'
import type { SourceConfig } from '../../config/sources/source-config.ts'
import type { Gateway } from '../../gateway/gateway.ts'
import { createWechatGateway } from '../../gateway/wechat/wechat.ts'
import type { Unanswered } from '../../report/compare.ts'
import { makeReport } from '../../report/make-report.ts'
import { presentReport } from '../../report/present.ts'
import { exitCodeOf, type Report } from '../../report/report.ts'
import { StateFileError } from '../../report/state/state-file.ts'
import { Stopper } from '../../report/stopper.ts'
import { openSource } from '../../sources/open.ts'
import type { OrderSource } from '../../sources/source.ts'
import type { CommandContext, CommandInput } from '../context.ts'
import { checkWritable, writeFindings } from '../report/csv.ts'
import { chosenMerchant } from '../report/merchant.ts'
import { detailOf, showGaps, showReport, showTraps } from '../report/show.ts'
import { reportWordsOf } from '../report/words.ts'
import { keepHeapSmall } from '../small-heap.ts'
import { chosenSources } from '../sources/chosen.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { shellWord } from '../terminal/shells.ts'
import { stopping } from '../terminal/stop.ts'
import type { ExitCode } from '../terminal/terminal.ts'

interface Options {
  readonly source?: string
  readonly merchant?: string
  readonly days?: number
  readonly csv?: string
  readonly resume?: string
}

interface Prepared {
  readonly context: CommandContext
  readonly given: Options
  readonly config: Config
  readonly merchant: MerchantConfig
  readonly chosen: readonly SourceConfig[]
  /** The state file. */
  readonly file: string
}

/**
 * Lists what was paid and not credited in the shop's own tables. Exits with 0 when every row was queried
 * and nothing was found, with 3 when something was, and with 1 when the list may lack rows.
 */
export async function report(
  context: CommandContext,
  { options }: CommandInput,
): Promise<ExitCode> {
  keepHeapSmall()
  const given: Options = options
  const config = context.config('gateway')
  const { merchant, sources: chosen } = chosenMerchant({
    ...{ merchants: config.merchants, name: given.merchant },
    sources: chosenSources(context, config, given.source),
  })
  if (given.csv !== undefined) checkWritable(given.csv)
  const prepared = {
    context,
    given,
    config,
    merchant,
    chosen,
    file: given.resume ?? temporaryFile(),
  }
  const sources: OrderSource[] = []
  try {
    for (const each of chosen) sources.push(await openSource(each))
    for (const source of sources) showTraps(context.output, source.name, await source.traps())
    const watched = await watchedReport(prepared, sources)
    return end(prepared, watched)
  } catch (error) {
    throw error instanceof StateFileError ? new ConfigError([error.message]) : error
  } finally {
    await Promise.allSettled(sources.map((source) => source.close()))
  }
}

interface WatchedReport {
  readonly made: Report
  readonly lastUnanswered: Unanswered | null
}

async function watchedReport(
  { context, given, config, merchant, chosen, file }: Prepared,
  sources: readonly OrderSource[],
): Promise<WatchedReport> {
  const progress = createProgress(context.terminal)
  const gateway = openGateway(context, { config, merchant, progress })
  let lastUnanswered: Unanswered | null = null
  try {
    const made = await makeReport({
      ...{ gateway, file, now: new Date(), stopper: stopperOf(context, progress) },
      sources: sources.map((source, nth) => ({
        ...{ source, days: given.days ?? chosen[nth]?.days ?? 16 },
      })),
      concurrency: config.recharge.compensationConcurrency,
      anyDays: given.days === undefined,
      listener: {
        begin: (total, done) => {
          progress.stage(total === 1 ? 'Querying 1 order' : `Querying ${total} orders`, total)
          if (done > 0) progress.progress(done)
        },
        progress: (done) => progress.progress(done),
        doubt: (message) => progress.note(message),
        unanswered: (unanswered) => {
          lastUnanswered = unanswered
        },
      },
    })
    return { made, lastUnanswered }
  } finally {
    progress.end()
    await gateway.stop()
  }
}

/** Prints what was found, then what is missing. */
function end(prepared: Prepared, { made, lastUnanswered }: WatchedReport): ExitCode {
  const { context, given, chosen, file } = prepared
  const { output } = context
  const isOfSeveral = chosen.length > 1
  const isDone = made.stopped === null && made.unanswered === 0
  const resume = isDone ? null : commandToResume(prepared)
  const shown = { report: made, isOfSeveral, lastUnanswered, resume }
  if (output.asJson) output.json(presentReport(made, { isOfSeveral }))
  else showReport(output, shown)
  if (given.csv !== undefined) {
    writeFindings(given.csv, made.findings, (finding) => detailOf(finding, output))
  }
  showGaps(output, shown)
  // Kept, it would be resumed the next time, and new rows would not be read.
  if (isDone) rmSync(file, { force: true })
  return exitCodeOf(made)
}

/** A report runs beside the merchant's other programs: half of what is known to be allowed. */
const qpsDefault = 10

function openGateway(
  context: CommandContext,
  {
    config: { recharge },
    merchant,
    progress,
  }: Pick<Prepared, 'config' | 'merchant'> & { readonly progress: Progress },
): Gateway {
  const { file, terminal, locale } = context
  const isStated = isGiven({ file, env: terminal.env }, 'recharge', 'compensation_max_qps')
  let isThrottled = false
  return createWechatGateway(merchant, {
    emit: ({ type }) => {
      if (type === 'gateway_throttled' && !isThrottled) {
        isThrottled = true
        progress.note(reportWordsOf(locale).throttled)
      }
    },
    maxQps: merchant.maxQps ?? (isStated ? recharge.compensationMaxQps : qpsDefault),
    connections: recharge.compensationConcurrency,
  })
}

function stopperOf({ terminal }: CommandContext, progress: Progress): Stopper {
  const stopper = new Stopper()
  void terminal.stopRequested().then(() => {
    progress.note(stopping)
    stopper.stop({ kind: 'signal' })
  })
  return stopper
}

/** For a report without --resume, so that it can be resumed after a crash nevertheless. */
function temporaryFile(): string {
  return join(tmpdir(), `budan-report-${Date.now()}-${process.pid}.jsonl`)
}

function commandToResume({ context, given, file }: Prepared): string {
  const options = [
    ['--config', context.file],
    ['--source', given.source],
    ['--merchant', given.merchant],
    ['--days', given.days],
    ['--csv', given.csv],
    ['--resume', file],
  ] as const
  const words = options.flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [name, shellWord(String(value))],
  )
  return ['budan report', ...words, ...(context.output.asJson ? ['--json'] : [])].join(' ')
}
