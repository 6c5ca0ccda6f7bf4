import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages, type Receiver, startReceiver } from './languages.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const other = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'

interface Signing {
  readonly secrets?: readonly string[]
  readonly at?: Date
  readonly id?: string
}

interface Sent {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** As budan sends it: all secrets sign, and their signatures are separated by blanks. */
function signed(
  event: object,
  { secrets = [secret], at = new Date(), id = 'evt_1' }: Signing = {},
): Sent {
  const body = JSON.stringify(event)
  const signatures = secrets.map((each) => new Webhook(each).sign(id, at, body))
  return {
    body,
    headers: {
      ...{ 'content-type': 'application/json; charset=utf-8', 'webhook-id': id },
      'webhook-timestamp': String(Math.floor(+at / 1000)),
      'webhook-signature': signatures.join(' '),
    },
  }
}

function paid(orderNo: string, changes: object = {}) {
  const data = { order_no: orderNo, merchant: 'default', user_id: 'u-用户', amount: 1234 }
  const at = '2026-01-31T08:00:00.123Z'
  return { id: 'evt_1', type: 'order.paid', timestamp: at, data: { ...data, ...changes } }
}

const minutes = (count: number) => new Date(Date.now() + count * 60_000)

describe.each(languages.filter(({ isHere }) => isHere))('the receiver in $name', (language) => {
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver(language, secret)
  })
  afterAll(() => receiver.stop())

  const post = async ({ body, headers }: Sent) =>
    (await fetch(receiver.url, { method: 'POST', body, headers })).status
  const rowsOf = (orderNo: string) =>
    receiver.query(`select order_no, user_id, amount from credits where order_no = '${orderNo}'`)
  const balance = async () => {
    const [row] = await receiver.query('select coalesce(sum(balance), 0) from accounts')
    return Number(row?.[0])
  }

  it('credits an order once, however often and at once it is sent', async () => {
    const before = await balance()
    const sent = signed(paid('GOOD-1'))
    expect(await post(sent)).toBe(204)
    expect(await rowsOf('GOOD-1')).toEqual([['GOOD-1', 'u-用户', 1234]])
    const again = await Promise.all(Array.from({ length: 12 }, () => post(sent)))
    // A repetition with an id of its own, as another event of the same order would be.
    again.push(await post(signed(paid('GOOD-1'), { id: 'evt_2' })))
    // One that met another in the database is sent again.
    expect(again.every((status) => status === 204 || status === 500)).toBe(true)
    expect(await rowsOf('GOOD-1')).toHaveLength(1)
    expect((await balance()) - before).toBe(1234)
  })

  it('credits many orders of one user that come at once', async () => {
    const before = await balance()
    const orders = Array.from({ length: 12 }, (_, n) => signed(paid(`MANY-${n}`, { amount: 100 })))
    const send = async (sent: Sent) => {
      while ((await post(sent)) !== 204) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await Promise.all(orders.map(send))
    expect((await balance()) - before).toBe(1200)
  })

  it('refuses what was changed on the way, and what nobody signed', async () => {
    const before = await balance()
    const { body, headers } = signed(paid('BAD-1'))
    const { 'webhook-signature': _, ...unsigned } = headers
    const bare = { 'content-type': 'application/json' }
    const tampered: readonly Sent[] = [
      { body: body.replace('1234', '9234'), headers },
      { body: `${body} `, headers },
      { body, headers: { ...headers, 'webhook-id': 'evt_2' } },
      {
        body,
        headers: { ...headers, 'webhook-timestamp': `${Math.floor(Date.now() / 1000) - 60}` },
      },
      { body, headers: { ...headers, 'webhook-signature': 'v1,' } },
      { body, headers: { ...headers, 'webhook-signature': '' } },
      { body, headers: { ...headers, 'webhook-signature': `v1,${'A'.repeat(43)}=` } },
      { body, headers: unsigned },
      { body, headers: bare },
      signed(paid('BAD-1'), { secrets: [other] }),
    ]
    const statuses: number[] = []
    for (const each of tampered) statuses.push(await post(each))
    expect(statuses).toEqual(tampered.map(() => 401))
    expect(await rowsOf('BAD-1')).toEqual([])
    expect(await balance()).toBe(before)
  })

  it('refuses what is older than 5 minutes, or comes from the future', async () => {
    expect(await post(signed(paid('OLD-1'), { at: minutes(-6) }))).toBe(401)
    expect(await post(signed(paid('OLD-1'), { at: minutes(6) }))).toBe(401)
    const strange = signed(paid('OLD-1'))
    for (const time of ['', 'now', '1e9', '-1', '9'.repeat(15)]) {
      const headers = { ...strange.headers, 'webhook-timestamp': time }
      expect(await post({ ...strange, headers })).toBe(401)
    }
    expect(await rowsOf('OLD-1')).toEqual([])
    expect(await post(signed(paid('OLD-1'), { at: minutes(-4) }))).toBe(204)
    expect(await rowsOf('OLD-1')).toHaveLength(1)
  })

  it('takes one good signature among several, while a secret is replaced', async () => {
    expect(await post(signed(paid('NEW-1'), { secrets: [other, secret] }))).toBe(204)
    expect(await post(signed(paid('NEW-2'), { secrets: [secret, other] }))).toBe(204)
    const { body, headers } = signed(paid('NEW-3'))
    const signatures = `v1a,c2lnbmVkIGJ5IGVkMjU1MTk= ${headers['webhook-signature']}`
    expect(await post({ body, headers: { ...headers, 'webhook-signature': signatures } })).toBe(204)
    for (const orderNo of ['NEW-1', 'NEW-2', 'NEW-3']) {
      expect(await rowsOf(orderNo)).toHaveLength(1)
    }
  })

  it('takes events of other types, and credits nothing for them', async () => {
    const before = await balance()
    for (const type of ['order.expired', 'order.refunded', 'budan.test', 'of.tomorrow']) {
      expect(await post(signed({ ...paid('OTHER-1'), type }))).toBe(204)
    }
    expect(await rowsOf('OTHER-1')).toEqual([])
    expect(await balance()).toBe(before)
  })

  it('answers 2xx only after the commit: what fails is sent again, and credited then', async () => {
    const before = await balance()
    await receiver.query('alter table accounts rename to gone')
    const sent = signed(paid('AGAIN-1'))
    expect(await post(sent)).toBe(500)
    await receiver.query('alter table gone rename to accounts')
    // Neither half of it is there.
    expect(await rowsOf('AGAIN-1')).toEqual([])
    expect(await post(sent)).toBe(204)
    expect(await rowsOf('AGAIN-1')).toHaveLength(1)
    expect((await balance()) - before).toBe(1234)
  })
})

const root = join(import.meta.dirname, '../..')

describe.each(['docs/receivers.md', 'docs/receivers.zh-CN.md'])('%s', (page) => {
  it.each(languages)('has the receiver in $name as it is tested', ({ file }) => {
    const text = readFileSync(join(root, page), 'utf8')
    const code = readFileSync(join(root, 'examples/receivers', file), 'utf8').trimEnd()
    expect(text).toContain(`\n${code}\n\`\`\`\n`)
  })
})
