import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import pg, { type ClientConfig } from 'pg'
import { RemediedError } from './remedied-error.ts'

type Callback = (error: Error | null, client: pg.Client) => void

/** What went wrong after somebody had taken the connection. */
const taken = new WeakSet<Error>()

/** Who takes a connection and gives no session in time is not away: it waits for something itself. */
export function notReady(error: unknown): unknown {
  if (!(error instanceof Error) || !/timeout expired|due to connection timeout/.test(error.message))
    return error
  const wasTaken = [error, error.cause].some((each) => each instanceof Error && taken.has(each))
  if (!wasTaken) return error
  return new RemediedError('the connection was taken, and no session given in time', {
    remedy:
      'it waits for something itself, or has no time for us: see its log, and of a pooler whether its PostgreSQL is up',
    cause: error,
  })
}

/** A member of `pg` that its types lack. */
type Connection = EventEmitter & { readonly stream: Duplex }

/** A client that remembers what its server said before the session was ours. */
export class SessionClient extends pg.Client {
  readonly #connection: Connection
  #wasTaken = false
  #major = 0

  constructor(config?: ClientConfig) {
    super(config)
    const { connection } = this as unknown as { readonly connection: Connection }
    this.#connection = connection
    connection.once('connect', () => {
      this.#wasTaken = true
    })
    connection.on('parameterStatus', ({ parameterName: name, parameterValue: value }) => {
      if (name === 'server_version') this.#major = Number.parseInt(String(value), 10) || 0
    })
  }

  override connect(): Promise<pg.Client>
  override connect(callback: Callback): void
  override connect(callback?: Callback): Promise<pg.Client> | undefined {
    if (callback === undefined) {
      return super.connect().catch((error: unknown) => {
        this.#giveUp(error)
        throw error
      }) as Promise<pg.Client>
    }
    super.connect((error: Error | null) => {
      if (error !== null && error !== undefined) this.#giveUp(error)
      callback(error, this)
    })
    return undefined
  }

  /** `pg` leaves the socket open when it fails by itself, as without a password that the server wants. */
  #giveUp(error: unknown): void {
    if (this.#wasTaken && error instanceof Error) taken.add(error)
    this.#connection.stream.destroy()
  }

  /** Of PostgreSQL, also through a pooler; 0: it was not said. */
  get major(): number {
    return this.#major
  }
}
