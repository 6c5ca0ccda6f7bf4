import pg, { type ClientBase, type ClientConfig } from 'pg'
import { assert } from '../../domain/assert.ts'
import { isPooled, lendsSessions } from '../../servers/pooler.ts'
import type { PostgresAddress } from '../../servers/postgres-address.ts'
import { queryUnlimited } from '../../servers/time-limits.ts'
import { sqlText } from '../../text/sql-text.ts'
import { ReadOnlyError, UnusableError } from '../errors.ts'
import { type Place, placeIn } from '../schema/place.ts'
import { type Settings, sameForAll, settleMsMax, settleSession } from './session.ts'

/** The settings of the sessions of one database, and what is known of them. */
export class Sessions {
  readonly #database: string
  readonly #address: PostgresAddress
  /** Of sessions that can be read from only: they are not kept, for that may end. */
  readonly #readOnly = new WeakSet<ClientBase>()
  #place: Place | null = null

  constructor({ database, address }: { database: string; address: PostgresAddress }) {
    this.#database = database
    this.#address = address
  }

  /** Known once a session was had. */
  get place(): Place {
    assert(this.#place !== null, 'No session has looked for the tables yet')
    return this.#place
  }

  /** Makes a new connection's session ours, or throws. The first of all also looks around. */
  async settle(
    client: ClientBase,
    of: { config: ClientConfig; settings: Settings },
  ): Promise<void> {
    const { isolation } = this.#address
    const isFirst = this.#place === null
    const place = await this.#placeBy(client)
    const settings = {
      ...sameForAll,
      ...of.settings,
      ...(isolation !== null && { default_transaction_isolation: isolation }),
      search_path: place.searchPath,
    }
    const facts = await settleSession(client, { database: this.#database, settings })
    if (isPooled(client, facts.pid)) await this.#refusePooler(client, { ...of, isFirst })
    if (!facts.readOnly) return
    if (this.#address.needs === 'read-write') throw new ReadOnlyError(this.#database)
    this.#readOnly.add(client)
  }

  isReadOnly(client: ClientBase): boolean {
    return this.#readOnly.has(client)
  }

  async #placeBy(client: ClientBase): Promise<Place> {
    if (this.#place !== null) return this.#place
    const execute = (text: string, values: readonly string[]) =>
      queryUnlimited<object>(client, { text: filled(text, values), timeoutMs: settleMsMax })
    const place = await placeIn(execute, {
      database: this.#database,
      named: this.#address.searchPath,
    })
    this.#place ??= place
    return this.#place
  }

  /** What a session's last user left prepared is not ours, where its pooler does not reset it. */
  async #refusePooler(
    client: ClientBase,
    { config, isFirst }: { config: ClientConfig; isFirst: boolean },
  ): Promise<void> {
    if (isFirst && (await this.#lendsSessions(client, config)))
      throw new UnusableError(this.#database, sessionsLent)
    await client.query(sqlText`deallocate all`)
  }

  /** In session mode each connection needs a session of its own. */
  async #lendsSessions(client: ClientBase, config: ClientConfig): Promise<boolean> {
    try {
      return await lendsSessions(client, config)
    } catch (error) {
      if (!(error instanceof Error) || !/timeout/.test(error.message)) throw error
      throw new UnusableError(this.#database, {
        what: 'the pooler in front of it has no second session to give',
        remedy: 'raise default_pool_size in PgBouncer: each process of budan needs up to 12',
        cause: error,
      })
    }
  }
}

/** Sessions that are not the same from one transaction to the next carry no settings, and no statements. */
const sessionsLent = {
  what: 'a pooler in front of it hands each transaction to another session, which keeps neither settings nor prepared statements',
  remedy:
    'set pool_mode = session in PgBouncer for this database (also where max_prepared_statements is above 0), or name the address of PostgreSQL itself',
}

/** What takes several statements at once takes no parameters. */
function filled(text: string, values: readonly string[]): string {
  return text.replaceAll(/\$(\d)/g, (_, n: string) => pg.escapeLiteral(values[Number(n) - 1] ?? ''))
}
