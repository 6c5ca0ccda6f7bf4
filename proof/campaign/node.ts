import { type Ending, type Program, startProgram } from './program.ts'

/** What has been done to the nodes, and what they did by themselves. */
export interface Tally {
  starts: number
  killed: number
  killed_while_starting: number
  frozen: number
  stopped: number
  /** Ended by itself before it was ready: its database was away. A supervisor starts it again. */
  gave_up_starting: number
  /** Stops that did not end in time or with 0, and nodes that ended by themselves. */
  readonly misbehaved: string[]
}

export function newTally(): Tally {
  return {
    starts: 0,
    killed: 0,
    killed_while_starting: 0,
    frozen: 0,
    stopped: 0,
    gave_up_starting: 0,
    misbehaved: [],
  }
}

export interface NodeOptions {
  readonly name: string
  readonly port: number
  /** Where its configuration is, and its log goes. */
  readonly directory: string
  readonly tally: Tally
}

/** Longer than a node may take for its own deadlines when it stops (docs/operations.md). */
const stopMsMax = 30_000
/** A busy machine; a database that is being recovered. */
const readyMsMax = 60_000

/**
 * One `budan serve` at a fixed port, started again and again.
 *
 *   down ──start──► starting ──► ready ──kill | stop──► down
 *                       └──(gave up)──► down
 */
export class BudanNode {
  readonly name: string
  readonly port: number
  readonly #options: NodeOptions
  #program: Program | null = null
  #ready = false

  constructor(options: NodeOptions) {
    this.name = options.name
    this.port = options.port
    this.#options = options
  }

  get isReady(): boolean {
    return this.#ready
  }

  get isUp(): boolean {
    return this.#program !== null
  }

  /** Begins to start it; `becomeReady` waits for the end of that. */
  start(): void {
    const { directory, tally } = this.#options
    const config = ['--config', `${this.name}.yaml`]
    const program = startProgram(['serve', ...config], { directory, log: `${this.name}.log` })
    tally.starts += 1
    this.#program = program
    void program.ended.then((ending) => this.#noteEnd(program, ending))
  }

  /** False when it ended instead, or when `signal` came first. */
  async becomeReady(signal: AbortSignal): Promise<boolean> {
    const program = this.#program
    if (program === null) return false
    const late = AbortSignal.any([signal, AbortSignal.timeout(readyMsMax)])
    const given = new Promise<boolean>((resolve) => {
      if (late.aborted) resolve(false)
      late.addEventListener('abort', () => resolve(false), { once: true })
    })
    const ready = program.printed(/ready at/).then(
      () => true,
      () => false,
    )
    const isReady = await Promise.race([ready, given])
    if (isReady && this.#program === program) this.#ready = true
    else if (!signal.aborted && !program.hasEnded()) this.#blame('was not ready in time')
    return isReady
  }

  async kill(): Promise<void> {
    const program = this.#takeDown()
    if (program === null) return
    const { tally } = this.#options
    tally.killed += 1
    if (!program.ready) tally.killed_while_starting += 1
    program.signal('SIGKILL')
    await program.ended
  }

  /** Its connections stay, it holds its locks and leases, and does nothing. */
  freeze(): void {
    this.#options.tally.frozen += 1
    this.#program?.signal('SIGSTOP')
  }

  thaw(): void {
    this.#program?.signal('SIGCONT')
  }

  /** As a supervisor does it: it has to end by itself, in time, with 0. */
  async stop(): Promise<void> {
    const program = this.#takeDown()
    if (program === null) return
    this.#options.tally.stopped += 1
    program.signal('SIGTERM')
    const timer = setTimeout(() => program.signal('SIGKILL'), stopMsMax)
    const { code, signal } = await program.ended
    clearTimeout(timer)
    if (code !== 0) this.#blame(`was asked to stop and ended with ${code ?? signal}`)
  }

  #takeDown(): (Program & { readonly ready: boolean }) | null {
    const program = this.#program
    const ready = this.#ready
    this.#program = null
    this.#ready = false
    return program === null || program.hasEnded() ? null : { ...program, ready }
  }

  #noteEnd(program: Program, { code, signal }: Ending): void {
    if (this.#program !== program) return
    const wasReady = this.#ready
    this.#program = null
    this.#ready = false
    if (!wasReady && code === 1) this.#options.tally.gave_up_starting += 1
    else this.#blame(`ended by itself with ${code ?? signal}`)
  }

  #blame(what: string): void {
    this.#options.tally.misbehaved.push(`${this.name} ${what}`)
  }
}
