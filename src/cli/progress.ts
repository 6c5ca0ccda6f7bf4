import { SingleBar } from 'cli-progress'
import type { Config } from '../config/config.ts'
import type { DemoListener } from '../demo/demo.ts'
import { countdownText, rateText } from '../i18n/durations.ts'
import { type Locale, localeOfEnvironment } from '../i18n/locale.ts'
import { translate } from '../i18n/translate.ts'
import { Pace } from './pace.ts'
import type { Terminal } from './terminal.ts'

/** Progress for a person: a bar on a terminal, a line now and then elsewhere. */
export interface Progress extends DemoListener {
  /** A new stretch of work. With a total of 0 nobody knows how much it is. */
  stage(title: string, total: number): void
  /** The next piece of the same stretch: its pace goes on. */
  step(title: string): void
  /** @param total when it has changed: work may come while work is done. */
  progress(done: number, total?: number): void
  /** A line in between: it takes the place of the bar, which goes on below it. */
  note(line: string): void
  /** Takes the bar away. A further stage may follow. */
  end(): void
}

/** What the steps are: many alike, with a rate; a few of any size; or seconds of a planned time. */
export type Steps = 'items' | 'few' | 'seconds'

/** The part of a terminal's stream that a bar is drawn with. */
export interface Screen {
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressOptions {
  /** Takes whole lines: titles, and without a screen what a bar would show. */
  readonly tell: (line: string) => void
  /** Null: nobody watches. */
  readonly screen: Screen | null
  readonly locale?: Locale
  readonly steps?: Steps
}

/** For a command, on its terminal. The bar is drawn on standard error: results may go to a file. */
export function createProgress(terminal: Terminal, steps: Steps = 'items'): Progress {
  const locale = localeOfEnvironment(terminal.env)
  return openProgress({
    ...{ screen: screenOf(terminal.env), locale, steps },
    tell: (line) => terminal.err(`${translate(line, locale)}\n`),
  })
}

/** Standard error where a person watches it; null elsewhere. */
export function screenOf(env: NodeJS.ProcessEnv): Screen | null {
  return process.stderr.isTTY && env.TERM !== 'dumb' ? process.stderr : null
}

/**
 * Where a person watches, lines on how all goes well would tear the bar, or hide the answer: the
 * timeline has each order's. Whoever wants them asks for them, by another level than the usual one.
 */
export function quietLog(config: Config, screen: Screen | null): Config {
  if (screen === null || config.log.level !== 'info') return config
  return { ...config, log: { ...config.log, level: 'warn' } }
}

export function openProgress(options: ProgressOptions): Progress {
  const { screen, locale = 'en', steps = 'items' } = options
  const [tell, textOf] = [options.tell, (stretch: Stretch) => paceText(stretch, { locale, steps })]
  return screen === null
    ? new LineProgress({ tell, textOf })
    : new BarProgress({ tell, textOf, screen })
}

/** One stretch of work as it stands. */
class Stretch {
  done = 0
  total: number
  readonly #startedAt = performance.now()
  readonly #pace = new Pace(this.#startedAt)

  constructor(total: number) {
    this.total = total
  }

  move(done: number, total: number): void {
    this.done = done
    this.total = Math.max(total, done)
    this.#pace.note(done, performance.now())
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  get perSec(): number | null {
    return this.#pace.perSec(performance.now())
  }

  get leftMs(): number | null {
    return this.#pace.leftMs(this.total - this.done, performance.now())
  }
}

function paceText(
  stretch: Stretch,
  { locale, steps }: { locale: Locale; steps: Steps },
): string | null {
  const { perSec, elapsedMs } = stretch
  // Of a planned time no pace is needed to tell what is left.
  const leftMs = steps === 'seconds' ? (stretch.total - stretch.done) * 1000 : stretch.leftMs
  const left = leftMs === null || leftMs === 0 ? null : `${countdownText(leftMs, 'en')} left`
  const rate = perSec === null ? null : rateText(perSec, 'en')
  const isKnown = stretch.total > 0
  const said = {
    items: isKnown ? [rate, left] : [],
    // Of the first nobody knows how many there are in a minute.
    few: [
      elapsedMs < 1000 ? null : `running for ${countdownText(elapsedMs, 'en')}`,
      perSec === 0 ? null : rate,
      left,
    ],
    seconds: [left],
  }[steps].filter((each) => each !== null)
  return said.length === 0
    ? null
    : said.map((each) => translate(each, locale)).join(locale === 'zh' ? '，' : ', ')
}

interface Shown {
  readonly tell: (line: string) => void
  readonly textOf: (stretch: Stretch) => string | null
}

/** A log wants the quarters, and a sign of life, but nothing of what is over at once. */
const lineEveryMs = 30_000
const lineApartMs = 1_000

class LineProgress implements Progress {
  readonly #shown: Shown
  #stretch: Stretch | null = null
  #quarter = 0
  #toldAt = 0
  #alive: NodeJS.Timeout | null = null

  constructor(shown: Shown) {
    this.#shown = shown
  }

  stage(title: string, total: number): void {
    this.end()
    this.step(title)
    this.#stretch = new Stretch(total)
    this.#quarter = 0
    this.#toldAt = performance.now()
    this.#alive = setInterval(() => this.#tellAgain(), lineEveryMs).unref()
  }

  step(title: string): void {
    this.#shown.tell(title)
  }

  note(line: string): void {
    this.#shown.tell(line)
  }

  progress(done: number, total = this.#stretch?.total ?? 0): void {
    if (this.#stretch === null) return
    this.#stretch.move(done, total)
    const quarter = total === 0 ? 0 : Math.floor((4 * done) / total)
    if (quarter > this.#quarter && performance.now() - this.#toldAt >= lineApartMs) this.#tell()
    this.#quarter = Math.max(quarter, this.#quarter)
  }

  end(): void {
    if (this.#alive !== null) clearInterval(this.#alive)
    this.#alive = null
    this.#stretch = null
  }

  #tellAgain(): void {
    if (performance.now() - this.#toldAt >= lineEveryMs / 2) this.#tell()
  }

  #tell(): void {
    const stretch = this.#stretch
    if (stretch === null) return
    this.#toldAt = performance.now()
    this.#shown.tell(`  ${placeText(stretch, this.#shown.textOf(stretch))}`)
  }
}

function placeText({ done, total }: Stretch, pace: string | null): string {
  return [total === 0 ? null : `${done}/${total}`, pace].filter(Boolean).join('  ')
}

/** Leaves room on 80 columns for the largest counts and the longest pace. */
const barColumns = 24

function barText(progress: number): string {
  const filled = Math.floor(progress * barColumns)
  return `${'█'.repeat(filled)}${'░'.repeat(barColumns - filled)} `
}

class BarProgress implements Progress {
  readonly #shown: Shown & { readonly screen: Screen }
  #stretch: Stretch | null = null
  #bar: SingleBar | null = null

  constructor(shown: Shown & { readonly screen: Screen }) {
    this.#shown = shown
  }

  stage(title: string, total: number): void {
    this.#stretch = new Stretch(total)
    this.step(title)
  }

  step(title: string): void {
    this.#bar?.stop()
    this.#shown.tell(title)
    const stretch = this.#stretch ?? new Stretch(0)
    const { total, done } = stretch
    this.#bar = new SingleBar({
      stream: streamOn(this.#shown.screen),
      format: (_options, { progress }) =>
        `${total === 0 ? '' : barText(progress)}${placeText(stretch, this.#shown.textOf(stretch))}`,
      ...{ linewrap: true, clearOnComplete: true, gracefulExit: false },
    })
    // What writes a log line meanwhile finds the cursor at the start of the bar's line, not at its end.
    this.#bar.on('redraw-post', () => this.#shown.screen.write('\r'))
    this.#bar.start(total, done)
  }

  progress(done: number, total = this.#stretch?.total ?? 0): void {
    this.#stretch?.move(done, total)
    this.#bar?.setTotal(this.#stretch?.total ?? total)
    this.#bar?.update(done)
  }

  note(line: string): void {
    // Where the bar is gone, or has not come yet, there is none to go on.
    if (this.#bar === null) this.#shown.tell(line)
    else this.step(line)
  }

  end(): void {
    this.#bar?.stop()
    this.#bar = null
    this.#stretch = null
  }
}

/**
 * The bar saves the cursor's place at its start and goes back there at its end; log lines between
 * have moved the screen on by then, and would be overwritten. So it may not.
 */
function streamOn(screen: Screen): NodeJS.WritableStream {
  const isPlace = (text: string) => text === '\u001b7' || text === '\u001b8'
  const stream = {
    isTTY: true,
    get columns() {
      return screen.columns
    },
    write: (text: string) => isPlace(text) || screen.write(text),
  }
  return stream as unknown as NodeJS.WritableStream
}
