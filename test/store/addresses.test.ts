import { createPrivateKey } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { type Certificates, makeCertificates, textOf } from '../support/certificates.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'

let certificates: Certificates
/** Of another authority. */
let strangers: Certificates
let server: PostgresServer
let plain: PostgresServer
let port: string

beforeAll(async () => {
  certificates = makeCertificates({ server: 'localhost', client: 'budan' })
  strangers = makeCertificates({ server: 'localhost', client: 'budan' })
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
  for (const { directory } of [certificates, strangers]) {
    rmSync(directory, { recursive: true, force: true })
  }
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
      /its certificate is not of the CA in sslrootcert/,
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
      /its certificate is not of the CA in sslrootcert/,
    ],
  ])('with sslmode=%s refuses %s, and says what to do', async (_, __, address, words) => {
    await expect(openStore(address())).rejects.toThrow(words)
  })

  const strict = (query: string) =>
    `postgres://budan@localhost:${port}/certified?sslmode=verify-full&sslrootcert=${query}`

  it.each([
    ['a CA file without a certificate', () => strict('/dev/null'), /holds no certificate; name in/],
    ['a key for a CA file', () => strict(certificates.client.key), /holds no certificate/],
    [
      'no certificate where the server wants one',
      () => strict(certificates.ca),
      /name one in sslcert and its key in sslkey/,
    ],
    [
      'the key of another certificate',
      () => {
        const { client, server: other } = certificates
        return strict(`${certificates.ca}&sslcert=${client.cert}&sslkey=${other.key}`)
      },
      /is not the key of the certificate/,
    ],
    [
      'a certificate for a key',
      () => {
        const { cert } = certificates.client
        return strict(`${certificates.ca}&sslcert=${cert}&sslkey=${cert}`)
      },
      /holds no private key/,
    ],
    [
      'a certificate of a CA that the server does not know',
      () => {
        const { cert, key } = strangers.client
        return strict(`${certificates.ca}&sslcert=${cert}&sslkey=${key}`)
      },
      /does not know the CA of our own certificate/,
    ],
    [
      'a certificate for another user',
      () => {
        const { cert, key } = certificates.server
        return strict(`${certificates.ca}&sslcert=${cert}&sslkey=${key}`)
      },
      /our own certificate is for another user/,
    ],
    [
      'a key whose password is wrong',
      () => {
        const key = join(certificates.directory, 'locked.key')
        const pem = createPrivateKey(textOf(certificates.client.key))
        const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' }
        writeFileSync(key, pem.export(locked as never))
        const { cert } = certificates.client
        return strict(`${certificates.ca}&sslcert=${cert}&sslkey=${key}&sslpassword=wrong`)
      },
      /sslpassword is not its password/,
    ],
  ])('with %s is refused, and says what to do', async (_, address, words) => {
    const opening = openStore(address())
    await expect(opening).rejects.toThrow(words)
  })

  it('with sslmode=verify-ca takes a certificate for another name', async () => {
    const url = `postgres://budan@127.0.0.1:${port}/shop?sslmode=verify-ca&sslrootcert=${certificates.ca}`
    expect(await connected(url)).toBe(true)
  })

  it('without TLS gets the remedy what to add where the server requires it', async () => {
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
