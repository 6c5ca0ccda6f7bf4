import pg from 'pg'
import { type Initial, initialOf, isUnchanged, largeTables, type Session } from './initial.ts'

/**
 * The urls of PostgreSQL databases that tests have given back. Making one from the template takes ten
 * times as long as emptying one.
 */
export class LentDatabases {
  readonly #make: () => Promise<string>
  readonly #idle: string[] = []
  #initial: Initial | null = null

  constructor(make: () => Promise<string>) {
    this.#make = make
  }

  /** One whose schema a test has changed, or that cannot be emptied, is not lent again. */
  async lend(): Promise<string> {
    for (let url = this.#idle.pop(); url !== undefined; url = this.#idle.pop()) {
      const isEmpty = await this.#on(url, (session) => this.#empty(session)).catch(() => false)
      if (isEmpty) return url
    }
    const url = await this.#make()
    this.#initial ??= await this.#on(url, initialOf)
    return url
  }

  giveBack(url: string): void {
    this.#idle.push(url)
  }

  async #empty(session: Session): Promise<boolean> {
    const initial = this.#initial
    if (initial === null || !(await isUnchanged(session, initial))) return false
    await session.exec(initial.emptying)
    // By deleted rows too a plan may be another.
    if ((await largeTables(session)).length > 0) await session.exec(initial.renewing)
    return true
  }

  async #on<T>(url: string, work: (session: Session) => Promise<T>): Promise<T> {
    // Somebody may still be at it.
    const client = new pg.Client({ connectionString: url, lock_timeout: 2000 })
    await client.connect()
    const query: Session['query'] = (statement) => client.query(statement)
    try {
      return await work({ query, exec: query })
    } finally {
      await client.end()
    }
  }
}
