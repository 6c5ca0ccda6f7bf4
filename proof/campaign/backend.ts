import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Chance } from '../../packages/simulator/src/chance.ts'
import { pause } from './wait.ts'

/** An order that the backend has credited, as webhooks said. */
export interface Receipt {
  readonly order_no: string
  readonly user_id: string
  readonly amount: number
  readonly transaction_id: string
}

const program = fileURLToPath(new URL('./backend-program.mjs', import.meta.url))

/** The merchant's backend, in a process of its own that is killed and started again. */
export class Backend {
  readonly url: string
  readonly secret = `whsec_${randomBytes(32).toString('base64')}`
  readonly #file: string
  readonly #port: number
  #child: ChildProcess | null = null
  #killed = 0

  constructor({ directory, port }: { readonly directory: string; readonly port: number }) {
    this.url = `http://127.0.0.1:${port}/hooks`
    this.#file = join(directory, 'backend.jsonl')
    this.#port = port
  }

  get killed(): number {
    return this.#killed
  }

  start(): void {
    const args = [program, this.#file, String(this.#port), this.secret]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
    this.#killed += 1
  }

  /** Kills it again and again until the signal; then it is up. */
  async disturb({ chance, uptimeMsMean, signal }: Disturbing): Promise<void> {
    for (let start = 1; ; start += 1) {
      this.start()
      const ms = 2 * uptimeMsMean * chance.fraction('backend', 'uptime', start)
      if (!(await pause(ms, signal))) return
      await this.kill()
      await pause(1_000 * chance.fraction('backend', 'away', start), signal)
    }
  }

  /** A line that a kill cut off is none. */
  get receipts(): readonly Receipt[] {
    const text = existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : ''
    return text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as Receipt]
      } catch {
        return []
      }
    })
  }
}

interface Disturbing {
  readonly chance: Chance
  readonly uptimeMsMean: number
  readonly signal: AbortSignal
}
