import { Presets, SingleBar } from 'cli-progress'
import type { DemoListener } from '../demo/demo.ts'
import type { Terminal } from './terminal.ts'

/** Progress for a person: a bar on a terminal, a line for each stretch of work elsewhere. */
export interface Progress extends DemoListener {
  end(): void
}

export function createProgress(terminal: Terminal): Progress {
  // The bar is drawn on standard error, which may be a terminal when results go to a file.
  return process.stderr.isTTY ? new BarProgress(terminal) : lineProgress(terminal)
}

function lineProgress(terminal: Terminal): Progress {
  let total = 0
  let told = 0
  return {
    stage(title, steps) {
      total = steps
      told = 0
      terminal.err(`${title}\n`)
    },
    progress(done) {
      // A log wants the quarters, not each step.
      const quarter = Math.floor((4 * done) / total)
      if (quarter > told) terminal.err(`  ${done}/${total}\n`)
      told = Math.max(told, quarter)
    },
    end: () => {},
  }
}

class BarProgress implements Progress {
  readonly #terminal: Terminal
  #bar: SingleBar | null = null

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  stage(title: string, total: number): void {
    this.end()
    this.#terminal.err(`${title}\n`)
    if (total === 0) return
    this.#bar = new SingleBar(
      { format: '{bar} {value}/{total}', clearOnComplete: true },
      Presets.shades_classic,
    )
    this.#bar.start(total, 0)
  }

  progress(done: number): void {
    this.#bar?.update(done)
  }

  end(): void {
    this.#bar?.stop()
    this.#bar = null
  }
}
