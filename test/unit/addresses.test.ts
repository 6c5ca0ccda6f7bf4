import { describe, expect, it } from 'vitest'
import {
  databaseAddressFault,
  secretsInAddress,
  serverAddressFault,
  serverName,
} from '../../src/servers/addresses.ts'

const torn = 'is not a URL (a password may need percent-encoding)'

function rows(table: string): readonly (readonly string[])[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
}

describe('serverAddressFault()', () => {
  it.each([
    ['a slash', 'postgres://pw:123/Secret@127.0.0.1/db'],
    ['a ?', 'postgres://u:123?Secret@127.0.0.1/db'],
    ['an @ and a ?', 'postgres://u:Sec@ret?x=y@127.0.0.1/db'],
    ['a hash', 'postgres://u:p#Secret@127.0.0.1/db'],
    ['a blank', 'redis://:Sec ret@127.0.0.1/0'],
    ['a line end', 'redis://:Sec\nret@127.0.0.1/0'],
    ['a colon and no @ at all', 'postgres://u:Secret'],
    ['no host', 'postgres://u:Secret@/db'],
  ])('refuses a password that tears its URL: %s', (_, address) => {
    expect(serverAddressFault(address)).toBe(torn)
    expect(serverName(address)).toMatch(/^(postgres|redis):\/\/…$/)
  })

  it.each([
    'postgres://h/db',
    'postgresql://user@h:5432/db',
    'postgres://u:a:b^c[d{e$f+g,h;i=j!k@h/db',
    'postgres://u:p@ss@h/db',
    'postgres://u:100%@h/db',
    'postgres:///db?host=/run/postgresql',
    'postgres://u:p@%2Frun%2Fpostgresql/db',
    'postgres://h1,h2/db?sslmode=verify-full&sslrootcert=/etc/ca.pem',
    'postgres://h/db?options=-c search_path=a',
    'rediss://:p@[::1]:6380/3',
  ])('takes what a client takes for one thing: %s', (address) => {
    expect(serverAddressFault(address)).toBeNull()
  })
})

describe('serverName()', () => {
  it.each(
    rows(`
      postgres://u:p@h/db                         | postgres://h/db
      postgresql://u:p@h:5432/db?sslmode=require  | postgres://h:5432/db
      postgres://u:p@[::1]:5432/db                | postgres://[::1]:5432/db
      postgres:///db?host=/run/postgresql         | postgres:///db
      postgres://h1,h2/db                         | postgres://h1,h2/db
      postgres://%2Frun%2Fpg/db                   | postgres://…
      postgres://h/%E6%95%B0                      | postgres://h/…
      redis://:p@h:6379/1                         | redis://h:6379/1
    `),
  )('of %s is %s', (address, name) => {
    expect(serverName(address)).toBe(name)
  })
})

describe('databaseAddressFault()', () => {
  it.each(['pglite:./data', 'pglite:memory', 'pglite:C:\\data@1', 'pglite:/srv/a@b'])(
    'takes the directory of %s',
    (address) => expect(databaseAddressFault(address)).toBeNull(),
  )

  it.each(['pglite://u:Secret@h/db', 'pglite:u:Secret@h/db', 'pglite:postgres://u:Secret@h/db'])(
    'refuses a server for a directory: %s',
    (address) => expect(databaseAddressFault(address)).not.toMatch(/^$|Secret/),
  )

  it('names no scheme but the known ones: another may be a part of a password', () => {
    expect(databaseAddressFault('mysql://u:p@h')).toMatch(/^"mysql:\/\/…" is not a database/)
    expect(databaseAddressFault('secret://x')).toMatch(/^a value of 10 characters is not/)
  })
})

describe('secretsInAddress()', () => {
  it.each([
    ['postgres://u:p%40ss%2Fword@h/db', ['p%40ss%2Fword', 'p@ss/word']],
    ['postgres://u:a^b{c@h/db', ['a^b{c', 'a%5Eb%7Bc']],
    ['postgres://h/db?password=Secret1&sslmode=require', ['Secret1']],
    ['postgres://u:100%@h/db', ['100%']],
    ['postgres://u@h/db', []],
    // It is in every message as the name of the user, and hides nothing.
    ['postgres://budan:budan@h/shop', []],
  ])('of %s are %j', (address, secrets) => {
    const found = secretsInAddress(address)
    expect([...new Set(found)]).toEqual(secrets)
  })
})
