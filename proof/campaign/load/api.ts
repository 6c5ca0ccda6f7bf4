import { Agent, request } from 'undici'

export interface Reply {
  readonly status: number
  // The campaign reads few members of few responses. docs/http-api.md describes them.
  readonly body: Readonly<Record<string, unknown>>
}

/** Longer than a node waits for the gateway; a frozen node never answers. */
const timeoutMs = 5_000

/** Budan's HTTP API on any node. */
export class Api {
  readonly #token: string
  // One connection per request: a kept one may belong to a node that has died since.
  readonly #agent = new Agent({ pipelining: 0 })
  /** How often each status was returned; `none` counts requests without a response. */
  readonly statuses = new Map<string, number>()

  constructor(token: string) {
    this.#token = token
  }

  /** Null if there was no response. */
  async call(
    port: number,
    {
      method,
      path,
      key,
      body,
    }: { method: 'GET' | 'POST'; path: string; key?: string; body?: object },
  ): Promise<Reply | null> {
    const reply = await request(`http://127.0.0.1:${port}${path}`, {
      method,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
      .then(async (answer) => ({
        status: answer.statusCode,
        body: JSON.parse(await answer.body.text()),
      }))
      .catch(() => null)
    const name = `${method} ${path.replace(/RECH\w+|CAMP\w+|dlv_\w+/, '{no}').split('?')[0]} ${reply?.status ?? 'none'}`
    this.statuses.set(name, (this.statuses.get(name) ?? 0) + 1)
    return reply
  }

  /** Reads a text that is not JSON; empty if there was no response. */
  async read(port: number, path: string): Promise<string> {
    const signal = AbortSignal.timeout(timeoutMs)
    return request(`http://127.0.0.1:${port}${path}`, { dispatcher: this.#agent, signal })
      .then((answer) => answer.body.text())
      .catch(() => '')
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }
}
