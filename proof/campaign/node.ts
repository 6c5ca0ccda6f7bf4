import { type Ending, type Program, startProgram } from './program.ts'

/** What the campaign did to the nodes, and how they ended by themselves. */
export interface NodeCounts {
  starts: number
  killed: number
  killed_while_starting: number
  frozen: number
  stopped: number
  /** Ended by itself before it was ready, because its database was down. A supervisor restarts it. */
  gave_up_starting: number
  /** Stops that did not end in time with 0, and nodes that ended by themselves. */
  readonly misbehaved: string[]
}

export function zeroNodeCounts(): NodeCounts {
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
  /** The directory of its configuration and its log. */
  readonly directory: string
  readonly nodeCounts: NodeCounts
  readonly nodeArgs: readonly string[]
  /** Where its program is; without: here. */
  readonly root?: string
}

/** Longer than all deadlines of a stopping node together (docs/operations.md). */
const stopMsMax = 30_000
/** Allows for a busy machine and for a database in recovery. */
const readyMsMax = 60_000

/**
 * One `budan serve` on a fixed port, restarted repeatedly.
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

  /** Starts the program without waiting; `becomeReady` waits until it is ready. */
  start(): void {
    const { directory, nodeCounts, nodeArgs, root } = this.#options
    const config = ['--config', `${this.name}.yaml`]
    const log = `${this.name}.log`
    const options = { directory, log, nodeArgs, ...(root === undefined ? {} : { root }) }
    const program = startProgram(['serve', ...config], options)
    nodeCounts.starts += 1
    this.#program = program
    void program.ended.then((ending) => this.#recordEnd(program, ending))
  }

  /** False if it ended instead, or if `signal` aborted first. */
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
    else if (!signal.aborted && !program.hasEnded()) this.#recordFailure('was not ready in time')
    return isReady
  }

  async kill(): Promise<void> {
    const program = this.#takeDown()
    if (program === null) return
    const { nodeCounts } = this.#options
    nodeCounts.killed += 1
    if (!program.ready) nodeCounts.killed_while_starting += 1
    program.signal('SIGKILL')
    await program.ended
  }

  /** Its connections, locks and leases stay, and it does nothing. */
  freeze(): void {
    this.#options.nodeCounts.frozen += 1
    this.#program?.signal('SIGSTOP')
  }

  thaw(): void {
    this.#program?.signal('SIGCONT')
  }

  /** Sends SIGTERM, as a supervisor does: the node must end in time with 0. */
  async stop(): Promise<void> {
    const program = this.#takeDown()
    if (program === null) return
    this.#options.nodeCounts.stopped += 1
    program.signal('SIGTERM')
    const timer = setTimeout(() => program.signal('SIGKILL'), stopMsMax)
    const { code, signal } = await program.ended
    clearTimeout(timer)
    if (code !== 0) this.#recordFailure(`got SIGTERM and ended with ${code ?? signal}`)
  }

  #takeDown(): (Program & { readonly ready: boolean }) | null {
    const program = this.#program
    const ready = this.#ready
    this.#program = null
    this.#ready = false
    return program === null || program.hasEnded() ? null : { ...program, ready }
  }

  #recordEnd(program: Program, { code, signal }: Ending): void {
    if (this.#program !== program) return
    const wasReady = this.#ready
    this.#program = null
    this.#ready = false
    if (!wasReady && code === 1) this.#options.nodeCounts.gave_up_starting += 1
    else this.#recordFailure(`ended by itself with ${code ?? signal}`)
  }

  #recordFailure(what: string): void {
    this.#options.nodeCounts.misbehaved.push(`${this.name} ${what}`)
  }
}
