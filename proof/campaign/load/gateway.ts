import { Agent, request } from 'undici'
import { type Program, startProgram } from '../program.ts'

/** The truth about an order at the simulator, as packages/simulator/README.md describes it. */
export interface Trade {
  readonly out_trade_no: string
  readonly trade_state: string
  readonly total: number
  readonly currency: string
  readonly attach: string | null
  readonly payments: readonly { readonly transaction_id: string; readonly paid_at: string }[]
  /** Members that the simulator answers instead of the truth. */
  readonly answered: {
    readonly amount?: { readonly total?: number; readonly currency?: string }
  } | null
  readonly callback: string
}

interface Delivery {
  readonly outcome: string
}

/** The simulator in its own process, and its control interface. It runs as long as the campaign. */
export class Gateway {
  readonly url: string
  readonly configFile: string
  readonly #program: Program
  // One connection per request: the other side may close a kept one just when it is used.
  readonly #agent = new Agent({ pipelining: 0 })

  private constructor(program: Program, at: { url: string; config: string }) {
    this.#program = program
    this.url = at.url
    this.configFile = at.config
  }

  /** Its time runs 60 times as fast: a code is valid for two minutes, a callback is resent after 250 ms. */
  static async start(directory: string, seed: string): Promise<Gateway> {
    const args = ['simulator', '--json', '--port', '0', '--time-scale', String(timeScale)]
    const program = startProgram([...args, '--seed', seed, '--dir', directory], {
      directory,
      log: 'simulator.log',
    })
    const [line] = await program.printed(/^\{.*\}$/m)
    return new Gateway(program, JSON.parse(line))
  }

  async stop(): Promise<void> {
    this.#program.signal('SIGTERM')
    await this.#program.ended
    await this.#agent.destroy()
  }

  /** Null if the simulator refuses: the order cannot be paid any more, or does not exist. */
  async control<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) {
    const answer = await request(`${this.url}/_sim${path}`, {
      method,
      dispatcher: this.#agent,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    if (answer.statusCode === 409 || answer.statusCode === 404) return null
    if (answer.statusCode >= 300)
      throw new Error(`Cannot ${method} ${path} at the simulator: ${text}`)
    return (text === '' ? {} : JSON.parse(text)) as T
  }

  /** All trades as they are, whatever the simulator answers to queries. */
  async trades(): Promise<readonly Trade[]> {
    const listed = await this.control<{ orders: readonly Trade[] }>('GET', '/orders')
    return listed?.orders ?? []
  }

  /** How many of an order's callbacks were acknowledged. */
  async acceptedCallbacks(orderNo: string): Promise<number> {
    const listed = await this.control<{ deliveries: readonly Delivery[] }>(
      'GET',
      `/orders/${orderNo}/deliveries`,
    )
    return listed?.deliveries.filter(({ outcome }) => outcome === 'accepted').length ?? 0
  }
}

const timeScale = 60
