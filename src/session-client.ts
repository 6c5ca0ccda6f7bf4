import type { EventEmitter } from 'node:events'
import pg, { type ClientConfig } from 'pg'

/** A client that remembers what its server said before the session was ours. */
export class SessionClient extends pg.Client {
  #wasTaken = false
  #major = 0

  constructor(config?: ClientConfig) {
    super(config)
    const { connection } = this as unknown as { readonly connection: EventEmitter }
    connection.once('connect', () => {
      this.#wasTaken = true
    })
    connection.on('parameterStatus', ({ parameterName: name, parameterValue: value }) => {
      if (name === 'server_version') this.#major = Number.parseInt(String(value), 10) || 0
    })
  }

  /** Whether somebody took the connection, whatever became of the session. */
  get wasTaken(): boolean {
    return this.#wasTaken
  }

  /** Of PostgreSQL, also through a pooler; 0: it was not said. */
  get major(): number {
    return this.#major
  }
}
