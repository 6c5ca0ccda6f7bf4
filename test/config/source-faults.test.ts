import { afterAll, describe, expect, test } from 'vitest'
import { openWorkspace } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())

type Tree = Readonly<Record<string, unknown>>

const whole: Tree = {
  name: 'shop',
  url: 'mysql://budan@127.0.0.1/shop',
  table: 'orders',
  columns: {
    order_no: 'order_no',
    user_id: 'user_id',
    amount: { column: 'amount', unit: 'yuan' },
    created_at: { column: 'created_at', zone: 'Asia/Shanghai' },
  },
  status: { column: 'status', pending: ['pending'], revive: ['expired'], paid: 'paid' },
}

/** The source with another value at `columns.amount`; undefined takes the key away. */
function sourceWith(path: string, value: unknown, tree: Tree = whole): Tree {
  const [key = '', ...rest] = path.split('.')
  const below = (tree[key] ?? {}) as Tree
  return { ...tree, [key]: rest.length === 0 ? value : sourceWith(rest.join('.'), value, below) }
}

/** JSON is YAML, so any character can be written. */
const yamlOf = (...sources: readonly Tree[]) => `sources: ${JSON.stringify(sources)}\n`

const faultsOf = (path: string, value: unknown) =>
  space.faults(space.yaml() + yamlOf(sourceWith(path, value)))

const long = (length: number) => 'x'.repeat(length)
const noTable = 'is no name of a table: TABLE, or SCHEMA.TABLE'
const notFew = Array.from({ length: 51 }, (_, nth) => `s${nth}`)

describe('a value of a source that cannot be is a fault that names its key', () => {
  test.each<[path: string, value: unknown, fault: string]>([
    ['table', 'a.b.c', `"a.b.c" ${noTable}`],
    ['table', '.orders', `".orders" ${noTable}`],
    ['table', 'shop.', `"shop." ${noTable}`],
    ['table', long(65), `"${long(65)}" ${noTable}`],
    ['table', 'or\u0007ders', `"or\\u0007ders" ${noTable}`],
    ['columns.order_no', long(65), `"${long(65)}" is no name of a column`],
    ['columns.user_id', 'user\u0007id', '"user\\u0007id" is no name of a column'],
    ['columns.paid_at', 'paid\nat', '"paid\\nat" is no name of a column'],
    ['columns.amount.unit', 'cent', '"cent" is not one of yuan, fen'],
    ['columns.created_at.unix', 'us', '"us" is not one of s, ms'],
    [
      'columns.created_at.zone',
      'Mars/Base',
      '"Mars/Base" is no time zone, like Asia/Shanghai, UTC or +08:00',
    ],
    ['columns.expires_at.minutes', '0', '"0" is below the least, 1'],
    ['columns.expires_at.minutes', '21601', '"21601" is above the most, 21600'],
    ['status.pending', [], 'is an empty list: give at least one status'],
    ['status.pending', 'pending', 'must be a list of statuses, like [pending]'],
    ['status.pending', notFew, 'is a list of more than 50 statuses'],
    ['status.paid', long(101), `"${long(80)}…" is longer than 100 characters`],
    ['status.expired', long(101), `"${long(80)}…" is longer than 100 characters`],
    ['only', 'wechat', 'must hold columns and values, like "payment_method: wechat"'],
    ['only.channel', ['wechat'], 'must be a single value'],
    [`only.${long(65)}`, '1', `"${long(65)}" is no name of a column`],
    ['days', '0', '"0" is below the least, 1'],
    ['days', '367', '"367" is above the most, 366'],
    [
      'credit',
      'write',
      "must be report: this version reads a shop's own table, and credits nothing in it",
    ],
    ['merchant', 'nobody', '"nobody" is none that is configured'],
    [
      'url',
      undefined,
      "not set, and budan's own database is embedded: give the url of the shop's database",
    ],
  ])('%s = %j', (path, value, fault) => {
    expect(faultsOf(path, value)).toEqual([`sources[0].${path}: ${fault}`])
  })

  test('in a list, at its place there', () => {
    expect(faultsOf('status.done', ['done', long(101)])).toEqual([
      `sources[0].status.done[1]: "${long(80)}…" is longer than 100 characters`,
    ])
  })
})

describe('keys of a source that do not go together', () => {
  const noZone = 'given together with unix, which has no zone: take one of them away'
  test.each<[path: string, value: Tree, fault: string]>([
    [
      'columns.amount',
      { unit: 'fen' },
      'column: not set: give the column of the amount, or several as sum',
    ],
    [
      'columns.amount',
      { column: 'amount', sum: ['price', 'fee'], unit: 'fen' },
      'sum: given together with column: give one of them',
    ],
    ['columns.amount', { sum: [], unit: 'fen' }, 'sum: is an empty list: give at least one column'],
    [
      'columns.amount',
      { sum: ['a', 'b', 'c', 'd', 'e', 'f'], unit: 'fen' },
      'sum: is a list of more than 5 columns',
    ],
    ['columns.created_at', { column: 'made', unix: 's', zone: 'UTC' }, `zone: ${noZone}`],
    ['columns.expires_at', {}, 'column: not set: give the column, or minutes after created_at'],
    [
      'columns.expires_at',
      { column: 'ends', minutes: '30' },
      'minutes: given together with column: give one of them',
    ],
    ['columns.expires_at', { column: 'ends', unix: 'ms', zone: 'UTC' }, `zone: ${noZone}`],
  ])('%s: %j', (path, value, fault) => {
    expect(faultsOf(path, value)).toEqual([`sources[0].${path}.${fault}`])
  })

  test.each<[changes: Tree, key: string, value: string, other: string]>([
    [{ revive: ['pending'] }, 'revive', 'pending', 'pending'],
    [{ paid: 'pending' }, 'paid', 'pending', 'pending'],
    [{ paid: 'expired' }, 'paid', 'expired', 'revive'],
    [{ done: ['refunded', 'paid'] }, 'done', 'paid', 'paid'],
    [{ pending: ['new', 'new'] }, 'pending', 'new', 'pending'],
    [{ expired: 'pending' }, 'expired', 'pending', 'pending'],
    [{ expired: 'paid' }, 'expired', 'paid', 'paid'],
    [{ done: ['refunded'], expired: 'refunded' }, 'expired', 'refunded', 'done'],
  ])('a status that means two things: %j', (changes, key, value, other) => {
    const status = { ...(whole.status as Tree), ...changes }
    expect(faultsOf('status', status)).toEqual([
      `sources[0].status.${key}: "${value}" is named in ${other} as well`,
    ])
  })

  test('an expired status that is also revived means one thing', () => {
    const status = { ...(whole.status as Tree), expired: 'expired' }
    expect(faultsOf('status', status)).toEqual([])
  })
})

describe('a source', () => {
  const first = (yaml: string) => space.load(yaml, { need: 'database' }).sources?.[0]

  test.each<[path: string, value: Tree, expected: unknown]>([
    ['amount', { sum: ['price', 'fee'], unit: 'fen' }, { columns: ['price', 'fee'], unit: 'fen' }],
    ['expires_at', { minutes: '30' }, { minutes: 30 }],
    ['expires_at', { minutes: '21600' }, { minutes: 21600 }],
    ['expires_at', { column: 'ends', unix: 'ms' }, { column: 'ends', zone: null, unix: 'ms' }],
    ['created_at', { column: 'made' }, { column: 'made', zone: null, unix: null }],
  ])('has for columns.%s %j as it is given', (path, value, expected) => {
    const camel = path.replace(/_(.)/, (_, letter: string) => letter.toUpperCase())
    const source = first(yamlOf(sourceWith(`columns.${path}`, value)))
    expect(source?.columns).toMatchObject({ [camel]: expected })
  })

  test('without an address is in the database of budan itself', () => {
    const own = 'postgres://budan@127.0.0.1/shop'
    const yaml = `database: { url: "${own}" }\n${yamlOf(sourceWith('url', undefined))}`
    expect(first(yaml)?.url).toBe(own)
  })

  test('keeps the merchant that it names, and has none otherwise', () => {
    const named = space.load(space.yaml() + yamlOf(sourceWith('merchant', 'default')))
    expect(named.sources?.[0]?.merchant).toBe('default')
    expect(first(yamlOf(whole))).not.toHaveProperty('merchant')
  })
})
