import { type PGlite, parse, protocol } from '@electric-sql/pglite'
import { assert } from '../../domain/assert.ts'
import { type QueryOutput, type Statement, StatementNames } from '../driver.ts'

const { serialize } = protocol

/**
 * Talks to PGlite in PostgreSQL's own messages. Its `query` makes five calls into WebAssembly and
 * parses and plans every statement anew; this makes one call, and keeps statements prepared.
 */
export class PgliteSession {
  readonly #pglite: PGlite
  readonly #names = new StatementNames()
  readonly #prepared = new Set<string>()

  constructor(pglite: PGlite) {
    this.#pglite = pglite
  }

  async query(statement: Statement): Promise<QueryOutput> {
    const { text, values } = statement
    const name = this.#names.nameOf(statement)
    if (name !== null) await this.#prepare(name, text)
    const messages = await this.#send([
      ...(name === null ? [serialize.parse({ text })] : []),
      serialize.bind({ statement: name ?? '', values: values.map(textOf) }),
      serialize.describe({ type: 'P' }),
      serialize.execute({}),
    ])
    const [result] = parse.parseResults(messages, this.#pglite.parsers)
    return { rows: result?.rows ?? [], affected: result?.affectedRows ?? 0 }
  }

  /** Apart from its first use: if that failed, it would not be known whether the name is taken. */
  async #prepare(name: string, text: string): Promise<void> {
    if (this.#prepared.has(name)) return
    await this.#send([serialize.parse({ name, text })])
    this.#prepared.add(name)
  }

  /** `sync` ends the exchange, after an error too. */
  async #send(messages: readonly Uint8Array[]) {
    return this.#pglite.execProtocolStream(Buffer.concat([...messages, serialize.sync()]), {
      syncToFs: true,
    })
  }
}

/** A parameter in PostgreSQL's text form; the statement's casts and columns say what type it is. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (typeof value === 'object') return JSON.stringify(value)
  assert(typeof value !== 'function' && typeof value !== 'symbol', `No parameter: ${typeof value}`)
  return String(value)
}
