import { SingleBar } from 'cli-progress'
import type { DemoListener } from '../demo/demo.ts'
import { countdownText, rateText } from '../i18n/durations.ts'
import { type Locale, localeOfEnvironment } from '../i18n/locale.ts'
import { translate } from '../i18n/translate.ts'
import { minuteMs } from '../text/time-units.ts'
import type { Terminal } from './terminal.ts'
import { commandWords } from './words.ts'

/** Progress for a person: a bar on a terminal, a line now and then elsewhere. */
export interface Progress extends DemoListener {
  /** A new stretch of work. A total of 0 means that its size is unknown. */
  stage(title: string, total: number): void
  /** @param total where it has changed: orders may come due while others are queried. */
  progress(done: number, total?: number): void
  /** Prints a line above the bar. */
  note(line: string): void
  /** Takes the bar away. Another stage may follow. */
  end(): void
}

/** The part of a terminal's stream that a bar is drawn with. */
export interface Screen {
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressOptions {
  /** Prints one line: titles, and without a screen the progress itself. */
  readonly print: (line: string) => void
  /** Null where no person watches. */
  readonly screen: Screen | null
  readonly locale?: Locale
  /** A few steps of unknown size: the time that the work has taken so far is shown too. */
  readonly isFew?: boolean
}

/** For a command, on its terminal. The bar is drawn on standard error: results may go to a file. */
export function createProgress(terminal: Terminal, options: { isFew?: boolean } = {}): Progress {
  const locale = localeOfEnvironment(terminal.env)
  return openProgress({
    ...{ ...options, screen: screenOf(terminal.env), locale },
    print: (line) => terminal.err(`${translate(line, locale)}\n`),
  })
}

/** Standard error where a person watches it; null elsewhere. */
export function screenOf(env: NodeJS.ProcessEnv): Screen | null {
  return process.stderr.isTTY && env.TERM !== 'dumb' ? process.stderr : null
}

export function openProgress(options: ProgressOptions): Progress {
  const { screen } = options
  return screen === null ? new LineProgress(options) : new BarProgress(options, screen)
}

/** In the first second a rate is a guess from one or two steps. */
const guessMs = 1000

/** One stretch of work: `25/100  10 a second, 8 s left`. */
class Stretch {
  done = 0
  total: number
  readonly #startedAt = performance.now()
  /**
   * The rate counts from the first of these. A new one is taken each minute, so that the rate follows
   * a gateway that slows down.
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

/** A log gets each quarter of the work, and a sign of life, but nothing of work that ends at once. */
const lineEveryMs = 30_000
const lineApartMs = 1_000

class LineProgress implements Progress {
  readonly #options: ProgressOptions
  #stretch: Stretch | null = null
  #quarter = 0
  #printedAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  stage(title: string, total: number): void {
    this.end()
    this.note(title)
    this.#stretch = new Stretch(total)
    this.#quarter = 0
    this.#printedAt = performance.now()
    this.#timer = setInterval(() => this.#print(lineEveryMs / 2), lineEveryMs).unref()
  }

  note(line: string): void {
    this.#options.print(line)
  }

  progress(done: number, total = this.#stretch?.total ?? 0): void {
    this.#stretch?.move(done, total)
    const quarter = total === 0 ? 0 : Math.floor((4 * done) / total)
    if (quarter > this.#quarter) this.#print(lineApartMs)
    this.#quarter = Math.max(quarter, this.#quarter)
  }

  end(): void {
    clearInterval(this.#timer)
    this.#stretch = null
  }

  /** Prints nothing while the line before is younger than `apartMs`. */
  #print(apartMs: number): void {
    if (this.#stretch === null || performance.now() - this.#printedAt < apartMs) return
    this.#printedAt = performance.now()
    this.note(`  ${this.#stretch.text(this.#options)}`)
  }
}

/** Leaves room on 80 columns for the largest counts and the longest rate. */
const barColumns = 24

class BarProgress implements Progress {
  readonly #options: ProgressOptions
  readonly #screen: Screen
  #stretch: Stretch | null = null
  #bar: SingleBar | null = null

  constructor(options: ProgressOptions, screen: Screen) {
    this.#options = options
    this.#screen = screen
  }

  stage(title: string, total: number): void {
    this.end()
    this.#stretch = new Stretch(total)
    this.note(title)
  }

  /** Where there is no bar yet, or none any more, only the line is printed. */
  note(line: string): void {
    this.#bar?.stop()
    this.#options.print(line)
    if (this.#stretch !== null) this.#bar = this.#startBar(this.#stretch)
  }

  progress(done: number, total = this.#stretch?.total ?? 0): void {
    this.#stretch?.move(done, total)
    this.#bar?.setTotal(this.#stretch?.total ?? total)
    this.#bar?.update(done)
  }

  end(): void {
    this.#bar?.stop()
    this.#bar = null
    this.#stretch = null
  }

  #startBar(stretch: Stretch): SingleBar {
    const options = this.#options
    const bar = new SingleBar({
      stream: streamOn(this.#screen),
      format: stretch.total === 0 ? '{text}' : '{bar} {text}',
      ...{ barsize: barColumns, barCompleteChar: '█', barIncompleteChar: '░' },
      ...{ linewrap: true, clearOnComplete: true, gracefulExit: false },
    })
    // A log line that is written meanwhile begins at the start of the bar's line, not at its end.
    bar.on('redraw-post', () => this.#screen.write('\r'))
    // Read at each redraw: the time left changes while nothing gets done.
    const payload = {
      get text() {
        return stretch.text(options)
      },
    }
    bar.start(stretch.total, stretch.done, payload)
    return bar
  }
}

/**
 * Without the sequences that save and restore the cursor's position: the bar writes one at its start
 * and one at its end, and log lines between them have moved the screen on by then.
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
