import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import { createLog, logEvents } from '../../src/telemetry/log.ts'
import { answerOf, sampleRun } from '../support/samples.ts'

function linesOf(events: readonly Event[]): readonly Record<string, unknown>[] {
  const lines: string[] = []
  const log = createLog(
    { level: 'info', format: 'json' },
    { write: (line: string) => void lines.push(line) },
  )
  const emit = logEvents(log)
  for (const event of events) emit(event)
  return lines.map((line) => {
    const { time: _time, ...rest } = JSON.parse(line)
    return rest
  })
}

const source = 'compensation'
const error = new Error('the database is away')

describe('logEvents()', () => {
  it('writes the lines of the story', () => {
    const orderNo = 'RECH20260124150000AbCd1234Ef'
    const run = sampleRun({ total: 3, success: 1, skipped: 2, durationMs: 1234 })
    const lines = linesOf([
      { type: 'run_started', runId: '1', trigger: 'start', dryRun: false },
      { type: 'scan_found', runId: '1', count: 3 },
      { type: 'order_answered', orderNo, source, tradeState: 'SUCCESS' },
      { type: 'order_credited', orderNo, source, paidAt: null, creditedAt: null },
      { type: 'run_finished', run },
    ])
    const level = 'info'
    expect(lines).toEqual([
      { level, run_id: '1', trigger: 'start', msg: 'Order compensation job started' },
      { level, run_id: '1', count: 3, msg: 'Found pending orders for compensation' },
      {
        level,
        order_no: orderNo,
        wechat_status: 'SUCCESS',
        msg: 'Compensation: WeChat order status',
      },
      { level, order_no: orderNo, msg: 'Order compensated successfully' },
      {
        level,
        run_id: '1',
        total: 3,
        success: 1,
        failed: 0,
        skipped: 2,
        duration_ms: 1234,
        msg: 'Order compensation job completed',
      },
    ])
  })

  it.each<[Event, string, string]>([
    [{ type: 'job_disabled' }, 'info', 'Order compensation job is disabled'],
    [{ type: 'job_started', intervalMins: 5 }, 'info', 'Order compensation job started'],
    [{ type: 'job_stopped' }, 'info', 'Order compensation job stopped'],
    [{ type: 'scan_empty', run: sampleRun() }, 'info', 'No pending orders to compensate'],
    [
      { type: 'scan_failed', error, durationMs: 1 },
      'error',
      'Failed to get pending orders for compensation',
    ],
    [
      {
        type: 'order_unanswered',
        orderNo: 'x',
        source,
        cause: 'timeout',
        message: 'late',
        systemic: false,
        requestId: null,
      },
      'error',
      'Failed to query wechat order',
    ],
    [
      { type: 'settle_failed', orderNo: 'x', source, answer: answerOf('SUCCESS'), error },
      'error',
      'Failed to compensate order',
    ],
    [
      { type: 'settle_failed', orderNo: 'x', source, answer: answerOf('CLOSED'), error },
      'error',
      'Failed to mark order as expired',
    ],
    [
      { type: 'order_alarm', orderNo: 'x', source, reason: { code: 'refund_started' } },
      'error',
      'Order needs a look',
    ],
    [{ type: 'callback_rejected', status: 401, reason: 'why' }, 'warn', 'Callback rejected'],
    [
      { type: 'review_resolved', orderNo: 'x', action: 'credit', operator: 'Li' },
      'info',
      'Review resolved',
    ],
    [
      { type: 'engine_lost', reason: 'why' },
      'warn',
      'Engine lost: each node keeps the intervals by itself',
    ],
    [
      { type: 'secrets_exposed', files: ['budan.yaml'] },
      'warn',
      'Everybody on this machine may read files with secrets: chmod o-r',
    ],
    [
      {
        ...{ type: 'endpoint_failing', endpoint: 'shop', failures: 5 },
        ...{ since: new Date(0), error: '503' },
      },
      'error',
      'Webhook endpoint takes nothing: its deliveries wait, and one is tried at times',
    ],
    [
      { type: 'endpoint_recovered', endpoint: 'shop', failingMs: 1 },
      'info',
      'Webhook endpoint is back',
    ],
    [
      { type: 'audit_made', counts: { unbalanced: 2, unproven_old: 1 } },
      'error',
      'Audit: the books do not agree',
    ],
    [
      { type: 'runs_missing', lastFinishedAt: new Date(0) },
      'error',
      'No run has finished for two intervals',
    ],
    [{ type: 'runs_back' }, 'info', 'Runs finish again'],
    [
      { type: 'robot_failing', robot: 'wecom', reason: '93000' },
      'error',
      'Alerts cannot be sent: trying again',
    ],
    [{ type: 'robot_recovered', robot: 'wecom' }, 'info', 'Alerts can be sent again'],
    [
      { type: 'alerts_dropped', robot: 'wecom', count: 3 },
      'warn',
      'Alerts not sent before the end',
    ],
    [
      { type: 'proof_key_unwritable', path: '/k.json', reason: 'why' },
      'warn',
      'Credits keep no proof, because no key can be kept here: set proof.keys, or let this file be written',
    ],
    [{ type: 'engine_back', awayMs: 1 }, 'info', 'Engine is back'],
    [
      { type: 'caught_up', remaining: 3 },
      'info',
      'Caught up: no more than a batch of orders is due',
    ],
    [{ type: 'logged_in', name: 'n', address: 'a' }, 'info', 'Logged in to the console'],
    [{ type: 'logged_out', name: 'n', address: 'a' }, 'info', 'Logged out of the console'],
    [
      { type: 'sessions_ended', name: 'n', address: 'a', of: 'm', count: 2 },
      'info',
      'Sessions of the console ended',
    ],
    [{ type: 'wrong_tokens', door: 'api', address: 'a', count: 7 }, 'warn', 'Wrong token'],
    [
      { type: 'wrong_tokens', door: null, address: null, count: 7 },
      'warn',
      'Wrong tokens from many other addresses',
    ],
    [{ type: 'pruned', runs: 1, events: 2, published: 3 }, 'info', 'Old runs and events pruned'],
    [
      { type: 'prune_failed', error: new Error('why') },
      'error',
      'Failed to prune old runs and events',
    ],
  ])('logs $type', (event, level, msg) => {
    expect(linesOf([event])).toMatchObject([{ level, msg }])
  })

  it.each([
    ['batch', 'Catching up with due orders: one compensation_batch_size per interval'],
    ['quota', 'Catching up with due orders: at most compensation_max_qps'],
    ['measured', 'Catching up with due orders'],
  ] as const)('says how far a backlog is, and what its %s rate comes from', (basis, msg) => {
    const event = { type: 'catching_up', remaining: 900, basis } as const
    expect(linesOf([{ ...event, perSec: 1 / 3, doneInMs: 2_700_000 }])).toEqual([
      { level: 'info', remaining: 900, per_sec: 0.333, eta_s: 2700, msg },
    ])
  })

  it('warns when a backlog grows', () => {
    const basis = 'measured'
    const lines = linesOf([
      { type: 'catching_up', remaining: 900, perSec: -2, doneInMs: null, basis },
    ])
    expect(lines).toMatchObject([{ level: 'warn', remaining: 900, per_sec: -2 }])
  })

  it('writes no line for what only metrics count', () => {
    expect(linesOf([{ type: 'tick_failed', error }])).toEqual([])
  })
})
