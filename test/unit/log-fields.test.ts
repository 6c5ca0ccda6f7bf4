import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import { createLog, logEvents } from '../../src/telemetry/log.ts'
import { sampleRun } from '../support/samples.ts'

function lineOf(event: Event): Record<string, unknown> {
  const lines: string[] = []
  const log = createLog(
    { level: 'info', format: 'json' },
    { write: (line) => void lines.push(line) },
  )
  logEvents(log)(event)
  expect(lines).toHaveLength(1)
  const { time: _time, level: _level, msg: _msg, ...fields } = JSON.parse(lines[0] ?? '')
  return fields
}

const orderNo = 'ORDER-1'
const unanswered: Event<'order_unanswered'> = {
  ...{ type: 'order_unanswered', orderNo, source: 'check', cause: 'refused' },
  ...{ message: 'no such right', systemic: false, requestId: null },
}
const refund: Event<'refund_noticed'> = {
  ...{ type: 'refund_noticed', orderNo, transactionId: '4200', state: 'SUCCESS' },
  ...{ refunded: 700n, result: 'noted' },
}

describe('the fields of a log line', () => {
  it.each<[string, Event, Record<string, unknown>]>([
    [
      'name the merchant where there are several',
      { type: 'breaker_closed', merchantName: 'north' },
      { merchant: 'north' },
    ],
    [
      'say that a run is dry',
      { type: 'run_started', runId: '7', trigger: 'manual', dryRun: true },
      { run_id: '7', trigger: 'manual', dry_run: true },
    ],
    [
      'have no state of an order that the gateway does not know',
      { type: 'order_answered', orderNo, source: 'check', tradeState: null },
      { order_no: orderNo, wechat_status: 'absent' },
    ],
    [
      'have the request id, which the support of the gateway wants to see',
      { ...unanswered, requestId: 'REQ-1' },
      { order_no: orderNo, cause: 'refused', error: 'no such right', request_id: 'REQ-1' },
    ],
    [
      'have none where there was no answer',
      unanswered,
      { order_no: orderNo, cause: 'refused', error: 'no such right' },
    ],
    [
      'say what credited an order, unless a run did',
      { type: 'order_credited', orderNo, source: 'callback', paidAt: null, creditedAt: null },
      { order_no: orderNo, source: 'callback' },
    ],
    [
      'have the sum of a refund in fen',
      refund,
      { order_no: orderNo, transaction_id: '4200', refund_status: 'SUCCESS', refund: 700 },
    ],
    [
      'have no sum where none was said',
      { ...refund, orderNo: null, refunded: null, result: 'no_order' },
      { order_no: null, transaction_id: '4200', refund_status: 'SUCCESS', refund: null },
    ],
    [
      'name the merchant of orders that are not queried here',
      {
        type: 'orders_foreign',
        ...{ merchant: { gateway: 'wechatpay', mchid: '19', appid: 'wx1' }, count: 3 },
      },
      { count: 3, gateway: 'wechatpay', mchid: '19', appid: 'wx1' },
    ],
    [
      'have the kind of a callback that is read by nobody',
      { type: 'callback_foreign', event: 'PAYSCORE.USER_PAID' },
      { event_type: 'PAYSCORE.USER_PAID' },
    ],
    [
      'say why certificates could not be fetched',
      { type: 'gateway_keys_failed', message: 'no answer in time' },
      { error: 'no answer in time' },
    ],
    [
      'count callbacks to too many other paths',
      { type: 'callbacks_missed', missed: null, count: 9 },
      { count: 9 },
    ],
    [
      'have the text of what was thrown and is no error',
      { type: 'run_unrecorded', runId: '7', error: 'gone' },
      { run_id: '7', error: 'gone' },
    ],
  ])('%s', (_, event, fields) => {
    expect(lineOf(event)).toEqual(fields)
  })

  it('say that a run was stopped', () => {
    const { status } = lineOf({ type: 'run_finished', run: sampleRun({ status: 'stopped' }) })
    expect(status).toBe('stopped')
    expect(lineOf({ type: 'run_finished', run: sampleRun() })).not.toHaveProperty('status')
  })
})

it('lines are for people where the format is pretty', async () => {
  const stream = new PassThrough()
  const log = createLog({ level: 'info', format: 'pretty' }, stream)
  const written = once(stream, 'data')
  logEvents(log)({ type: 'job_disabled' })
  const [line] = await written
  expect(String(line)).toMatch(/INFO.*Order compensation job is disabled/)
})
