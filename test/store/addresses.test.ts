import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { type Certificates, makeCertificates, textOf } from '../support/certificates.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'

let certificates: Certificates
let server: PostgresServer
let plain: PostgresServer
let port: string

beforeAll(async () => {
  certificates = makeCertificates({ server: 'localhost', client: 'budan' })
  const files = {
    'postgresql.auto.conf': `ssl = on\nssl_ca_file = 'root.crt'\nlog_min_messages = fatal\n`,
    'server.crt': textOf(certificates.server.cert),
    'server.key': textOf(certificates.server.key),
    'root.crt': textOf(certificates.ca),
    'pg_hba.conf': [
      'local all all trust',
      'hostssl certified all all cert',
      'hostssl encrypted all all trust',
      'hostnossl encrypted all all reject',
      'host all all all trust',
      '',
    ].join('\n'),
  }
  ;[server, plain] = await Promise.all([startPostgres({ files }), startPostgres()])
  port = new URL(server.url).port
  for (const url of [server.url, plain.url]) {
    await run(url, 'create role budan superuser login')
    for (const name of ['shop', 'certified', 'encrypted']) await run(url, `create database ${name}`)
  }
})

afterAll(async () => {
  rmSync(certificates.directory, { recursive: true, force: true })
  await Promise.all([server.stop(), plain.stop()])
})

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(statement)
  await client.end()
}

/** Whether the session is encrypted. */
async function connected(url: string): Promise<boolean> {
  const store = await openStore(url)
  try {
    const [row] = await store.transaction((tx) =>
      tx.execute(
        'select coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as ssl',
        [],
      ),
    )
    return row?.ssl === true
  } finally {
    await store.close()
  }
}

/** The addresses that configuration.md gives as examples, with the hosts and files of this test. */
function documented(): readonly (readonly [written: string, filled: () => string])[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
  const section = text.split('## Addresses of PostgreSQL')[1]?.split('\n## ')[0] ?? ''
  const written = [...section.matchAll(/^\| `(postgres:[^`]+)`/gm)].map(([, url = '']) => url)
  const fill = (url: string) =>
    url
      .replace('db1.example.com:5432', '127.0.0.1:1')
      .replaceAll(/db\d?\.example\.com/g, 'localhost')
      .replaceAll('5432', port)
      .replace('%2Frun%2Fpostgresql', encodeURIComponent(server.sockets))
      .replace('/run/postgresql', server.sockets)
      .replace('/etc/budan/ca.pem', certificates.ca)
      .replace('/etc/budan/client.pem', certificates.client.cert)
      .replace('/etc/budan/client.key', certificates.client.key)
  return written.map((url) => [url, () => fill(url)])
}

describe('an address of PostgreSQL', () => {
  it('is documented in each of its forms', () => {
    const all = documented()
      .map(([url]) => url)
      .join(' ')
    for (const form of ['host=', '%2F', ',db2', 'disable', 'prefer', 'require', 'verify-ca']) {
      expect(all).toContain(form)
    }
    expect(all).toMatch(/verify-full.*sslcert=.*sslkey=/)
  })

  it.each(documented())('works as it is documented: %s', async (written, filled) => {
    const isEncrypted = /sslmode=(?!disable)/.test(written)
    expect(await connected(filled())).toBe(isEncrypted)
  })

  it('with sslmode=prefer is for a server without TLS too', async () => {
    expect(await connected(plainAddress('sslmode=prefer'))).toBe(false)
  })

  it.each([
    ['require', 'a server without TLS', () => plainAddress('sslmode=require'), /offers no TLS/],
    [
      'verify-full',
      'a certificate of an unknown authority',
      () =>
        `postgres://budan@localhost:${port}/shop?sslmode=verify-full&sslrootcert=${certificates.otherCa}`,
      /name the CA in sslrootcert/,
    ],
    [
      'verify-full',
      'a certificate for another name',
      () =>
        `postgres://budan@127.0.0.1:${port}/shop?sslmode=verify-full&sslrootcert=${certificates.ca}`,
      /certificate is for other names/,
    ],
    [
      'verify-ca',
      'a certificate of an unknown authority',
      () =>
        `postgres://budan@localhost:${port}/shop?sslmode=verify-ca&sslrootcert=${certificates.otherCa}`,
      /name the CA in sslrootcert/,
    ],
  ])('with sslmode=%s refuses %s, and says what to do', async (_, __, address, words) => {
    await expect(openStore(address())).rejects.toThrow(words)
  })

  it('with sslmode=verify-ca takes a certificate for another name', async () => {
    const url = `postgres://budan@127.0.0.1:${port}/shop?sslmode=verify-ca&sslrootcert=${certificates.ca}`
    expect(await connected(url)).toBe(true)
  })

  it('without TLS is told what to add where the server wants it', async () => {
    await expect(openStore(`postgres://budan@localhost:${port}/encrypted`)).rejects.toThrow(
      /add sslmode=verify-full/,
    )
  })

  it('with several hosts goes on with the one that can be written to, after a failover too', async () => {
    await run(plain.url, 'alter database shop set default_transaction_read_only = on')
    const hosts = `127.0.0.1:${new URL(plain.url).port},127.0.0.1:${port}`
    const store = await openStore(`postgres://budan@${hosts}/shop`, { poolMax: 2 })
    const where = async () => {
      const [row] = await store.transaction((tx) =>
        tx.execute(`select current_setting('port') as port`, []),
      )
      return row?.port
    }
    expect(await where()).toBe(port)
    await run(server.url, 'alter database shop set default_transaction_read_only = on')
    await run(plain.url, 'alter database shop reset default_transaction_read_only')
    await run(
      server.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = 'shop'`,
    )
    await where().catch(() => undefined)
    expect(await where()).toBe(new URL(plain.url).port)
    await store.close()
    await run(server.url, 'alter database shop reset default_transaction_read_only')
  })

  it('with several hosts, none of which will do, says of each why', async () => {
    await run(plain.url, 'alter database shop set default_transaction_read_only = on')
    const hosts = `127.0.0.1:${new URL(plain.url).port},127.0.0.1:1`
    await expect(openStore(`postgres://budan@${hosts}/shop`)).rejects.toThrow(
      /none of the hosts will do \(.*: read-only; 127\.0\.0\.1:1: connect ECONNREFUSED/,
    )
    await run(plain.url, 'alter database shop reset default_transaction_read_only')
  })
})

function plainAddress(query: string): string {
  return `postgres://budan@localhost:${new URL(plain.url).port}/shop?${query}`
}
