import { SingleBar } from 'cli-progress'
import type { DemoListener } from '../../demo/demo.ts'
import { countdownText, rateText } from '../../i18n/durations.ts'
import { type Locale, localeOfEnvironment } from '../../i18n/locale.ts'
import { translate } from '../../i18n/translate.ts'
import { minuteMs } from '../../text/time-units.ts'
import { commandWords } from '../words.ts'
import type { Terminal } from './terminal.ts'

/** Shows the progress of work: a bar on a terminal, a line from time to time elsewhere. */
export interface Progress extends DemoListener {
  /** Begins a stage of the work. A total of 0 means that its size is unknown. */
  stage(title: string, total: number): void
  /**
   * @param total the new total, if it has changed: orders may come due while others are queried.
   */
  progress(done: number, total?: number): void
  /** Prints a line above the bar. */
  note(line: string): void
  /** Removes the bar. Another stage may follow. */
  end(): void
}

export interface Screen {
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressOptions {
  /** Prints one line: a title, or without a screen the progress. */
  readonly print: (line: string) => void
  /** Null when no person watches. */
  readonly screen: Screen | null
  readonly locale?: Locale
  /** The work has few steps of unknown size: the elapsed time is shown too. */
  readonly isFew?: boolean
}

/** The progress of a command. The bar is on standard error, because results may go to a file. */
export function createProgress(terminal: Terminal, options: { isFew?: boolean } = {}): Progress {
  const locale = localeOfEnvironment(terminal.env)
  return openProgress({
    ...{ ...options, screen: screenOf(terminal.env), locale },
    print: (line) => terminal.err(`${translate(line, locale)}\n`),
  })
}

/** Standard error if a person watches it; null otherwise. */
export function screenOf(env: NodeJS.ProcessEnv): Screen | null {
  return process.stderr.isTTY && env.TERM !== 'dumb' ? process.stderr : null
}

export function openProgress(options: ProgressOptions): Progress {
  const { screen } = options
  return screen === null ? new LineProgress(options) : new BarProgress(options, screen)
}

/** No rate is shown in the first second, in which it would be a guess from one or two steps. */
const guessMs = 1000

/** One stage of the work: `25/100  10 a second, 8 s left`. */
class Stage {
  done = 0
  total: number
  readonly #startedAt = performance.now()
  /**
   * The rate is measured from the first mark. A mark is added each minute, so that the rate follows a
   * gateway that becomes slower.
   */
  #marks = [{ done: 0, at: this.#startedAt }]

  constructor(total: number) {
    this.total = total
  }

  move(done: number, total: number): void {
    this.done = done
    this.total = Math.max(total, done)
    const at = performance.now()
    const last = this.#marks.at(-1)
    if (last !== undefined && at - last.at >= minuteMs) {
      this.#marks = [last, { done, at }]
    }
  }

  text({ locale = 'en', isFew = false }: ProgressOptions): string {
    const { done, total } = this
    const count = total === 0 ? '' : `${done}/${total}`
    const parts = [isFew ? this.#elapsedText(locale) : null]
    if (isFew || total > 0) parts.push(...this.#paceTexts(locale, { isIdleShown: !isFew }))
    const pace = parts.filter((part) => part !== null).join(commandWords(locale).comma)
    return [count, pace].filter((part) => part !== '').join('  ')
  }

  #elapsedText(locale: Locale): string | null {
    const ms = performance.now() - this.#startedAt
    return ms < guessMs ? null : commandWords(locale).runningFor(countdownText(ms, locale))
  }

  #paceTexts(locale: Locale, { isIdleShown }: { isIdleShown: boolean }): readonly string[] {
    const from = this.#marks[0] ?? { done: 0, at: this.#startedAt }
    const ms = performance.now() - from.at
    if (ms < guessMs) return []
    const perSec = Math.max(0, ((this.done - from.done) * 1000) / ms)
    if (perSec === 0) return isIdleShown ? [rateText(0, locale)] : []
    const leftMs = ((this.total - this.done) * 1000) / perSec
    const left = leftMs === 0 ? [] : [commandWords(locale).left(countdownText(leftMs, locale))]
    return [rateText(perSec, locale), ...left]
  }
}

/**
 * A line is printed at each quarter of the work and every 30 s, but none for work that ends at once.
 */
const lineEveryMs = 30_000
const lineApartMs = 1_000

class LineProgress implements Progress {
  readonly #options: ProgressOptions
  #stage: Stage | null = null
  #quarter = 0
  #printedAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  stage(title: string, total: number): void {
    this.end()
    this.note(title)
    this.#stage = new Stage(total)
    this.#quarter = 0
    this.#printedAt = performance.now()
    this.#timer = setInterval(() => this.#print(lineEveryMs / 2), lineEveryMs).unref()
  }

  note(line: string): void {
    this.#options.print(line)
  }

  progress(done: number, total = this.#stage?.total ?? 0): void {
    this.#stage?.move(done, total)
    const quarter = total === 0 ? 0 : Math.floor((4 * done) / total)
    if (quarter > this.#quarter) this.#print(lineApartMs)
    this.#quarter = Math.max(quarter, this.#quarter)
  }

  end(): void {
    clearInterval(this.#timer)
    this.#stage = null
  }

  /** Prints nothing if the previous line is younger than `apartMs`. */
  #print(apartMs: number): void {
    if (this.#stage === null || performance.now() - this.#printedAt < apartMs) return
    this.#printedAt = performance.now()
    this.note(`  ${this.#stage.text(this.#options)}`)
  }
}

/** Leaves room for the largest counts and the longest rate on 80 columns. */
const barColumns = 24

class BarProgress implements Progress {
  readonly #options: ProgressOptions
  readonly #screen: Screen
  #stage: Stage | null = null
  #bar: SingleBar | null = null

  constructor(options: ProgressOptions, screen: Screen) {
    this.#options = options
    this.#screen = screen
  }

  stage(title: string, total: number): void {
    this.end()
    this.#stage = new Stage(total)
    this.note(title)
  }

  /** Outside of a stage only the line is printed. */
  note(line: string): void {
    this.#bar?.stop()
    this.#options.print(line)
    if (this.#stage !== null) this.#bar = this.#startBar(this.#stage)
  }

  progress(done: number, total = this.#stage?.total ?? 0): void {
    this.#stage?.move(done, total)
    this.#bar?.setTotal(this.#stage?.total ?? total)
    this.#bar?.update(done)
  }

  end(): void {
    this.#bar?.stop()
    this.#bar = null
    this.#stage = null
  }

  #startBar(stage: Stage): SingleBar {
    const options = this.#options
    const bar = new SingleBar({
      stream: streamOn(this.#screen),
      format: stage.total === 0 ? '{text}' : '{bar} {text}',
      ...{ barsize: barColumns, barCompleteChar: '█', barIncompleteChar: '░' },
      ...{ linewrap: true, clearOnComplete: true, gracefulExit: false },
    })
    // So that a log line begins at the start of the bar's line, not at its end.
    bar.on('redraw-post', () => this.#screen.write('\r'))
    // A getter, read at each redraw, because the remaining time changes without progress.
    const payload = {
      get text() {
        return stage.text(options)
      },
    }
    bar.start(stage.total, stage.done, payload)
    return bar
  }
}

/**
 * Drops the sequences that save and restore the position of the cursor. The bar saves it at its start
 * and restores it at its end, but log lines in between have scrolled the screen.
 */
function streamOn(screen: Screen): NodeJS.WritableStream {
  const isPosition = (text: string) => text === '\u001b7' || text === '\u001b8'
  const stream = {
    isTTY: true,
    get columns() {
      return screen.columns
    },
    write: (text: string) => isPosition(text) || screen.write(text),
  }
  return stream as unknown as NodeJS.WritableStream
}
