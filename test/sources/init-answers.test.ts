import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { generateMerchant, type Merchant, writeMerchant } from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { openDirectory, runInProcess } from '../cli/budan.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { postgresAt } from './tables.ts'

const directory = openDirectory()
const file = (name: string) => join(directory.path, `${name}.yaml`)

let merchant: Merchant
let server: PostgresServer
beforeAll(async () => {
  merchant = await generateMerchant()
  await writeMerchant(directory.path, merchant)
  server = await startPostgres({ isDurable: false })
  const sql = await postgresAt(server.url)
  const rest = 'user_id int, amount decimal(10,2), status varchar(20)'
  await sql.run(
    `create table local_times (id int primary key, order_no text, ${rest}, created_at timestamp)`,
    `create table instants (id int primary key, order_no text, ${rest}, created_at timestamptz)`,
    `create table numbers (id int primary key, order_no text, ${rest}, created_at bigint)`,
    `create table decimals (id int primary key, order_no text, ${rest}, created_at decimal(16,3))`,
    `create table odd_names (id int primary key, a text, b int, c decimal(10,2), d varchar(20), e timestamptz)`,
    "insert into local_times values (1, 'LOCAL1', 7, 12.34, 'unpaid', now()), (2, 'LOCAL2', 7, 1, 'odd', now())",
    "insert into instants values (1, 'INST01', 7, 12.34, 'unpaid', now())",
    "insert into numbers values (1, 'NUMB01', 7, 12.34, 'unpaid', extract(epoch from now()))",
    "insert into decimals values (1, 'DECI01', 7, 12.34, 'unpaid', extract(epoch from now()))",
    "insert into odd_names values (1, 'NAME01', 7, 12.34, 'w', now())",
  )
  await sql.close()
}, 180_000)
afterAll(async () => {
  await server?.stop()
  directory.remove()
})

type Answers = Readonly<Record<string, string | readonly string[]>>

/** `status.pending`, `url`, `right` and the like, of a prompt. */
function keyOf(prompt: string): string {
  if (prompt.startsWith('Connect a table')) return 'offer'
  if (prompt.startsWith('Its database')) return 'url'
  if (prompt.startsWith('Are these rows')) return 'right'
  if (prompt.startsWith('Check now')) return 'check'
  return /^[\w.]+/.exec(prompt)?.[0] ?? ''
}

/** A person who takes what is proposed, but for these answers; at `end`, the input ends. */
async function answering(name: string, given: Answers, end: string | null = null) {
  const usual: Answers = { offer: 'y', url: server.url, table: 'local_times', check: 'n' }
  const left = new Map(
    Object.entries({ ...usual, ...given }).map(([key, all]) => [key, [all].flat()]),
  )
  const prompts: string[] = []
  const prompt = async (text: string) => {
    const key = keyOf(text)
    prompts.push(key)
    // Else prompts that are repeated would never end.
    if (key === end || prompts.length > 60) return null
    const answers = left.get(key) ?? []
    return (answers.length > 1 ? answers.shift() : answers[0]) ?? ''
  }
  const options = {
    '--mch-id': merchant.mchid,
    '--app-id': merchant.appid,
    '--private-key': join(directory.path, 'apiclient_key.pem'),
    '--notify-url': 'https://shop.example/v1/callbacks/wechatpay',
  }
  const args = ['init', '--config', file(name), ...Object.entries(options).flat()]
  const env = { WECHAT_API_V3_KEY: merchant.apiV3Key }
  const ended = await runInProcess(args, env, { prompt, isInteractive: true })
  const count = (key: string) => prompts.filter((each) => each === key).length
  return { ...ended, shown: ended.stdout + ended.stderr, prompts, count }
}

const sourceOf = (name: string) =>
  loadConfig({ file: file(name), env: {}, need: 'database' }).sources?.[0]

describe('budan init with a table of the shop', () => {
  it.each([
    ...['url', 'table', 'columns.order_no', 'columns.user_id', 'columns.amount.column'],
    ...['columns.amount.unit', 'columns.created_at.column', 'columns.created_at.zone'],
    ...['status.column', 'status.pending', 'status.revive', 'status.done', 'right'],
  ])('writes nothing when the input ends at the prompt %s', async (end) => {
    const { code, shown, prompts } = await answering('ended', {}, end)
    expect(prompts.at(-1)).toBe(end)
    expect(code).toBe(1)
    expect(shown).toMatch(/^Nothing was written: the prompts were ended$/m)
    expect(existsSync(file('ended'))).toBe(false)
  })

  it.each(['', 'n', 'no', 'what?'])('writes no sources: after %j', async (offer) => {
    const { code, count } = await answering(`without-${offer.length}`, { offer })
    expect({ code, urls: count('url') }).toEqual({ code: 0, urls: 0 })
    expect(sourceOf(`without-${offer.length}`)).toBeUndefined()
  })

  it.each([
    ['local_times', 'zone', { column: 'created_at', zone: 'Asia/Shanghai', unix: null }, 'LOCAL1'],
    ['numbers', 'unix', { column: 'created_at', zone: null, unix: 's' }, 'NUMB01'],
    ['decimals', 'unix', { column: 'created_at', zone: null, unix: 's' }, 'DECI01'],
    ['instants', null, { column: 'created_at', zone: null, unix: null }, 'INST01'],
  ])('prompts for what the times of %s need: %s', async (table, key, createdAt, shownNumber) => {
    const { code, shown, prompts } = await answering(table, { table: `public.${table}` })
    expect(code).toBe(0)
    const ofTime = prompts.filter((each) => /^columns\.created_at\.(zone|unix)$/.test(each))
    expect(ofTime).toEqual(key === null ? [] : [`columns.created_at.${key}`])
    expect(sourceOf(table)?.columns.createdAt).toEqual(createdAt)
    expect(shown).toMatch(new RegExp(`${shownNumber}.*¥12\\.34`))
  })

  it('prompts until there is an answer where nothing is proposed', async () => {
    const { code, count } = await answering('names', {
      ...{ table: ['', ' ', 'odd_names'], 'columns.order_no': ['', 'a'], 'columns.user_id': 'b' },
      ...{ 'columns.amount.column': ['', '', 'c'], 'columns.created_at.column': 'e' },
      ...{ 'status.column': 'd', 'status.pending': 'w, x', 'status.done': '-' },
    })
    expect(code).toBe(0)
    expect([count('table'), count('columns.order_no'), count('columns.amount.column')]).toEqual([
      ...[3, 2, 3],
    ])
    expect(sourceOf('names')).toMatchObject({
      columns: { orderNo: 'a', amount: { columns: ['c'], unit: 'yuan' } },
      status: { column: 'd', pending: ['w', 'x'], revive: [], done: [] },
    })
  })

  it.each([
    ['sqlite:./shop.db', 'url: a value of 16 characters is not the url of a shop'],
    ['', 'url: a value of 0 characters is not the url of a shop'],
    ['mysql://budan:hidden@127.0.0.1', 'url: names no database: mysql://HOST:PORT/DATABASE'],
  ])('prompts for another address after %j, and does not show it', async (url, fault) => {
    const { code, shown, count } = await answering(`address-${url.length}`, {
      url: [url, server.url],
    })
    expect({ code, urls: count('url'), tables: count('table') }).toEqual({
      ...{ code: 0, urls: 2, tables: 1 },
    })
    expect(shown).toContain(fault)
    expect(shown).not.toContain('hidden')
  })

  it.each<[string, Answers, string | RegExp]>([
    ['table', { table: ['ordres', 'local_times'] }, 'has no table or view "ordres"'],
    [
      'server',
      { url: ['postgres://budan:hidden@127.0.0.1:1/shop', 'postgres'] },
      /Cannot look for the table: .*ECONNREFUSED/,
    ],
    [
      'column',
      { 'columns.order_no': ['ordre_no', ''] },
      'columns.order_no: public.local_times has no column "ordre_no"; did you mean order_no?',
    ],
    [
      'column of statuses',
      { 'status.column': ['state', ''] },
      /Cannot look for the table: .*column "state" does not exist/,
    ],
    [
      'zone',
      { 'columns.created_at.zone': ['Mars', ''] },
      'columns.created_at.zone: "Mars" is no time zone, like Asia/Shanghai, UTC or +08:00',
    ],
    [
      'unit',
      { 'columns.amount.unit': ['cent', ''] },
      'columns.amount.unit: "cent" is not one of yuan, fen',
    ],
    [
      'list of statuses',
      { 'status.pending': ['-', ''] },
      'status.pending: is an empty list: give at least one status',
    ],
    [
      'status in two lists',
      { 'status.done': ['unpaid', ''] },
      'status.done: "unpaid" is named in pending as well',
    ],
    ['meaning of the rows', { right: ['n', 'y'] }, /LOCAL2.*"odd"/],
  ])('begins again after a wrong %s, and says what is wrong', async (what, given, message) => {
    const name = what.replaceAll(' ', '-')
    const url = given.url === undefined ? server.url : [given.url[0] ?? '', server.url]
    const { code, shown, count } = await answering(name, { ...given, url })
    expect(shown).toEqual(
      typeof message === 'string'
        ? expect.stringContaining(message)
        : expect.stringMatching(message),
    )
    expect({ code, urls: count('url') }).toEqual({ code: 0, urls: 2 })
    expect(shown).not.toContain('hidden')
    expect(sourceOf(name)).toMatchObject({
      ...{ table: 'local_times', columns: { orderNo: 'order_no' } },
      status: { column: 'status', pending: ['unpaid'], done: [] },
    })
  })
})
