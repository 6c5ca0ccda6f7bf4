import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../src/report/report.ts'
import { Stopper } from '../../src/report/stopper.ts'
import { SourceError } from '../../src/sources/source.ts'
import { sharedMerchant } from '../support/world.ts'
import { type Desk, numberOf, place, rowsOf, useDesk } from './desk.ts'
import { connectionLost, MemorySource } from './memory-source.ts'

const desk = useDesk()

const paid = [1, 17, 38]

/** Forty rows, three of them paid. */
function prepared({ control }: Desk, count = 40): MemorySource {
  const rows = rowsOf(count)
  for (const row of rows) place(control, row)
  for (const n of paid) control.pay(numberOf(n), { callback: false })
  return new MemorySource(rows)
}

const complete = {
  ...{ rows: 40, queried: 40, unanswered: 0, skipped: 0, stopped: null },
  findings: paid.map((n) => ({ orderNo: numberOf(n) })),
}

/** How many queries of each order reached the gateway. */
function queries({ control }: Desk): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { out_trade_no: number } of control.requests({ operation: 'query' })) {
    if (number !== null) counts.set(number, (counts.get(number) ?? 0) + 1)
  }
  return counts
}

describe('makeReport(), while the gateway fails', () => {
  it.each([
    ['errors', { kind: 'error', status: 500, code: 'SYSTEM_ERROR' }],
    ['connections that are cut', { kind: 'reset' }],
    ['answers that cannot be verified', { kind: 'probe' }],
    ['too many requests', { kind: 'error', status: 429, code: 'FREQUENCY_LIMITED' }],
  ] as const)('is complete after a while of %s', async (_, fault) => {
    const { control, report } = desk()
    const source = prepared(desk())
    control.addFault({ operation: 'query', skip: 7, times: 9, times_per_order: 2, fault })
    const { report: made, failures } = await report(source)
    expect(made).toMatchObject(complete)
    expect(failures).toHaveLength(9)
    expect(exitCodeOf(made)).toBe(3)
  })

  it('queries again, when it is resumed, the rows that stayed without an answer, and only those', async () => {
    const { control, report, file } = desk()
    const source = prepared(desk())
    const silent = [17, 20, 39].map(numberOf)
    control.addFault({
      ...{ operation: 'query', out_trade_no: silent },
      fault: { kind: 'error', status: 503 },
    })
    const path = file()
    const { report: first } = await report(source, { file: path })
    expect(first).toMatchObject({ rows: 40, queried: 37, unanswered: 3, stopped: null })
    expect(first.findings.map(({ orderNo }) => orderNo)).toEqual([1, 38].map(numberOf))
    expect(exitCodeOf(first)).toBe(1)
    control.clearFaults()
    control.clearRequests()
    const { report: second, begun } = await report(source, { file: path })
    expect(begun).toEqual({ total: 40, done: 37 })
    expect([...queries(desk()).keys()].sort()).toEqual(silent)
    expect(second).toMatchObject({ ...complete, findings: expect.anything() })
    expect(second.findings.map(({ orderNo }) => orderNo).sort()).toEqual(paid.map(numberOf))
  })

  it('does not take an answer about another trade, or a state that it does not know, for an answer', async () => {
    const { control, report } = desk()
    const source = prepared(desk())
    control.setState(numberOf(5), 'HALF_PAID')
    control.addFault({
      ...{ operation: 'query', out_trade_no: numberOf(6) },
      fault: { kind: 'other_order', out_trade_no: numberOf(38) },
    })
    const { report: made, failures } = await report(source)
    expect(made).toMatchObject({ queried: 38, unanswered: 2 })
    expect(new Set(failures.map(({ reason }) => reason.code))).toEqual(
      new Set(['unlisted_state', 'about_another_trade']),
    )
    expect(exitCodeOf(made)).toBe(1)
  })

  it('stops when nothing was answered for long, and can be resumed', async () => {
    const { control, report, file } = desk()
    const source = prepared(desk(), 400)
    control.addFault({ operation: 'query', skip: 50, fault: { kind: 'reset' } })
    const path = file()
    const { report: first } = await report(source, { file: path })
    expect(first.stopped).toMatchObject({
      kind: 'gateway',
      message: expect.stringMatching(/^\d+ queries in a row had no valid answer: no connection$/),
    })
    expect(first).toMatchObject({ rows: 400, queried: 50, unanswered: 350 })
    control.clearFaults()
    control.clearRequests()
    const { report: second } = await report(source, { file: path })
    expect(second).toMatchObject({ rows: 400, queried: 400, unanswered: 0, stopped: null })
    expect(second.findings).toHaveLength(3)
    expect(Math.max(...queries(desk()).values())).toBe(1)
    expect(queries(desk()).size).toBe(350)
  })
})

describe('makeReport(), with something wrong here', () => {
  it.each([
    ['a wrong serial number', { serialNo: 'ABCDEF' }, /^401: the serial number is not/],
    ['a wrong private key', { privateKey: otherKey() }, /^401: the serial number is not/],
  ])('stops early with %s, and says so', async (_, wechat, words) => {
    const { report, control } = desk()
    const source = prepared(desk())
    const { report: made } = await report(source, { wechat })
    expect(made.stopped).toMatchObject({ kind: 'gateway', message: expect.stringMatching(words) })
    expect(made).toMatchObject({ rows: 40, queried: 0, unanswered: 40, findings: [] })
    expect(control.requests({ operation: 'query' }).length).toBeLessThanOrEqual(5)
    expect(exitCodeOf(made)).toBe(1)
  })

  it('stops early when the merchant may not query', async () => {
    const { control, report } = desk()
    const source = prepared(desk())
    control.addFault({ operation: 'query', fault: { kind: 'error', status: 403, code: 'NO_AUTH' } })
    const { report: made } = await report(source)
    expect(made.stopped).toMatchObject({ message: '403: this merchant may not query' })
    expect(made.unanswered).toBe(40)
  })

  it("stops early when no answer can be verified by the gateway's key", async () => {
    const { report } = desk()
    const source = prepared(desk(), 100)
    const { publicKeyId: id } = (await sharedMerchant()).wechatpay
    const { report: made } = await report(source, {
      wechat: { publicKey: { id, key: otherPublicKey() } },
    })
    expect(made.stopped).toMatchObject({
      message: expect.stringMatching(
        /^none of 20 answers could be verified: their signature is not/,
      ),
    })
    expect(made).toMatchObject({ queried: 0, unanswered: 100 })
  })
})

describe('makeReport(), while the database fails', () => {
  it('goes on when the connection comes back', async () => {
    const source = prepared(desk())
    let lost = 0
    source.beforePage = (nth) => {
      if (nth < 3 || lost >= 2) return
      lost += 1
      throw connectionLost()
    }
    const { report: made } = await desk().report(source)
    expect(made).toMatchObject(complete)
    expect(lost).toBe(2)
  })

  it('stops when it does not come back, and goes on from there when it is resumed', async () => {
    const { report, file, control } = desk()
    const source = prepared(desk())
    source.beforePage = (nth) => {
      if (nth > 2) throw connectionLost()
    }
    const path = file()
    const { report: first } = await report(source, { file: path })
    expect(first.stopped).toEqual({
      ...{ kind: 'source', source: 'shop' },
      message: 'Cannot read from source "shop": connection lost',
    })
    expect(first).toMatchObject({ rows: 40, queried: 20, unanswered: 20, unread: 20 })
    expect(exitCodeOf(first)).toBe(1)
    source.beforePage = () => {}
    const { report: second } = await report(source, { file: path })
    expect(second).toMatchObject(complete)
    expect(control.requests({ operation: 'query' })).toHaveLength(40)
  })

  it('does not repeat what cannot succeed', async () => {
    const source = prepared(desk())
    source.beforePage = () => {
      throw new SourceError('Cannot read from source "shop": permission denied', {
        isTransient: false,
      })
    }
    const { report: made } = await desk().report(source)
    expect(source.pages).toBe(1)
    expect(made.stopped).toMatchObject({ message: expect.stringContaining('permission denied') })
    expect(made).toMatchObject({ rows: 40, unanswered: 40 })
  })

  it('is not complete when the findings could not be read again', async () => {
    const source = prepared(desk())
    source.reread = () => Promise.reject(connectionLost())
    const { report: made } = await desk().report(source)
    expect(made.findings).toHaveLength(3)
    expect(made.stopped).toMatchObject({ kind: 'source' })
    expect(exitCodeOf(made)).toBe(1)
  })
})

describe('makeReport(), stopped by a signal', () => {
  it('finishes the queries in flight, and goes on when it is resumed', async () => {
    const { report, file, control } = desk()
    const source = prepared(desk())
    const stopper = new Stopper()
    source.beforePage = (nth) => {
      if (nth === 3) stopper.stop({ kind: 'signal' })
    }
    const path = file()
    const { report: first } = await report(source, { file: path, stopper })
    expect(first.stopped).toEqual({ kind: 'signal' })
    expect(first.queried + first.unanswered).toBe(40)
    expect(first.unanswered).toBeGreaterThan(0)
    expect(exitCodeOf(first)).toBe(1)
    source.beforePage = () => {}
    const { report: second } = await report(source, { file: path })
    expect(second).toMatchObject({ ...complete, findings: expect.anything() })
    expect(second.findings.map(({ orderNo }) => orderNo).sort()).toEqual(paid.map(numberOf))
    expect(control.requests({ operation: 'query' })).toHaveLength(40)
  })
})

function otherKey() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}

function otherPublicKey() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
}
