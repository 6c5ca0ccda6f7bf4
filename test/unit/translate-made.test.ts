import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { configKeys } from '../../src/config/environment.ts'
import { causeAndMessage, decide, paymentOf } from '../../src/domain/decide.ts'
import type { OrderEvent } from '../../src/domain/order.ts'
import { orderStatuses } from '../../src/domain/order-states.ts'
import { type Reason, sentenceOf } from '../../src/domain/reason.ts'
import { conflictWith, decideResolution } from '../../src/domain/review/resolve.ts'
import { reviewActions } from '../../src/domain/review/review-action.ts'
import { describeSkew } from '../../src/domain/runs/clocks.ts'
import type { Answer, TradeState } from '../../src/domain/trade.ts'
import {
  answerOf,
  type CheckedReply,
  closingOf,
  prepayOf,
} from '../../src/gateway/wechat/answer.ts'
import { verifySignature } from '../../src/gateway/wechat/keys/verification.ts'
import { outcomes } from '../../src/gateway/wechat/outcome.ts'
import type { DatabaseState } from '../../src/health/database-state.ts'
import { type ExaminedMerchant, readinessOf } from '../../src/health/readiness.ts'
import { explanationText, reasonText } from '../../src/i18n/reasons.ts'
import { translate } from '../../src/i18n/translate.ts'
import { Breaker } from '../../src/job/breaker.ts'
import { explainReview } from '../../src/orders/explanation.ts'
import { ClusterEngine } from '../../src/queue/cluster.ts'
import type { EngineVitals } from '../../src/queue/engine.ts'
import { localEngine } from '../../src/queue/local.ts'
import type { SchemaState } from '../../src/store/schema/state.ts'
import type { Vitals } from '../../src/store/store.ts'
import { buildWeb } from '../../src/web/server.ts'
import { openWorkspace } from '../config/workspace.ts'
import { runsOf } from '../support/random.ts'
import { sampleOrder, sampleTrade } from '../support/samples.ts'
import { doubleBudan } from '../web/double.ts'
import { causes, ownWords } from './causes.ts'
import { englishIn, expectChinese, expectChineseReason } from './chinese.ts'

// Data is in digits and Chinese here, so that every Latin word that is left is the program's own.

const no = fc.constantFrom('1', '22', '三', '4"5', '6, 我 (7)', '8: 9')
const states = ['paid', 'refunded', 'unpaid', 'paying', 'closed', 'unlisted'] as const
const trade = fc.record({
  state: fc.constantFrom<TradeState>(...states),
  reported: fc.constantFrom('SUCCESS', 'NOTPAY', '新状态'),
  orderNo: fc.option(no),
  mchid: fc.option(no),
  appid: fc.option(no),
  amount: fc.constantFrom(1234n, 1n, null),
  currency: fc.constantFrom('CNY', 'USD', null),
  transactionId: fc.option(no),
})

const own = { orderNo: '1', mchid: '2', appid: '3', transactionId: '4' }

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.constant<Answer>({ kind: 'absent', evidence: {} }),
  fc.constantFrom(...causes).map((cause): Answer => {
    const message = 'Cannot query order "1": no answer in time'
    return { kind: 'unknown', cause, message, systemic: false, evidence: {} }
  }),
  trade.map(({ orderNo, mchid, appid, transactionId, ...rest }): Answer => {
    const theirs = {
      orderNo: orderNo ?? own.orderNo,
      mchid: mchid ?? own.mchid,
      appid: appid ?? own.appid,
      transactionId: rest.state === 'paid' ? (transactionId ?? own.transactionId) : transactionId,
    }
    return { kind: 'trade', trade: sampleTrade({ ...rest, ...theirs }), evidence: {} }
  }),
)

const order = fc
  .record({
    status: fc.constantFrom(...orderStatuses),
    isDismissed: fc.boolean(),
    knew: fc.boolean(),
    absentCount: fc.nat(4),
    absentHoursAgo: fc.option(fc.nat(5)),
    transactionId: fc.constantFrom(null, own.transactionId, '5'),
  })
  .map(({ isDismissed, knew, absentHoursAgo, ...rest }) => {
    const base = sampleOrder({ ...own, ...rest })
    const at = base.expiresAt
    const payment = knew ? paymentOf(sampleTrade(own)) : null
    const absentSince = absentHoursAgo === null ? null : new Date(+at - absentHoursAgo * 3_600_000)
    const dismissed = isDismissed && rest.status === 'review' ? { at, payment } : null
    return { ...base, absentSince, dismissed }
  })

describe('the stages say nothing that has no Chinese:', () => {
  it('decide()', () => {
    const facts = fc.record({
      now: fc.constantFrom(sampleOrder().createdAt, new Date(+sampleOrder().expiresAt + 1)),
      transactionOwner: fc.option(no),
      absenceCredible: fc.boolean(),
      absenceSpreadMs: fc.constantFrom(0, 7_200_000),
      overtaken: fc.boolean(),
    })
    fc.assert(
      fc.property(order, answer, facts, (one, given, known) => {
        expectChineseReason(decide(one, given, known).reason)
      }),
      { numRuns: runsOf(3000) },
    )
  })

  it('decideResolution(), what its refusals are recorded as, and what they are answered with', () => {
    const facts = fc.record({
      transactionOwner: fc.option(no),
      closeTried: fc.boolean(),
      isSeen: fc.boolean().map((seen) => () => seen),
    })
    fc.assert(
      fc.property(order, answer, fc.constantFrom(...reviewActions), facts, (one, ...rest) => {
        const [given, action, known] = rest
        const { kind, reason } = decideResolution({ order: one, action }, given, known)
        expectChineseReason(reason)
        expectChineseReason({ code: 'would_expire', because: reason })
        if (kind !== 'refuse') return
        expectChineseReason({ code: 'action_refused', action, because: reason })
        const refused: Reason = { code: 'not_possible', because: reason }
        expectChineseReason(refused)
        const effect = reasonText(refused, 'zh')
        expect(translate(`Nothing was changed: to ${action} it is ${effect}`, 'zh')).toMatch(
          /^未作任何改动：.*不可行：/,
        )
      }),
      { numRuns: runsOf(2000) },
    )
  })

  it('explainReview() and conflictWith()', () => {
    const event = fc.record({
      kind: fc.constantFrom('answered', 'resolved', 'dismissed', 'closing', 'created'),
      decision: fc.constantFrom('pay', 'expire', 'keep', null),
      operator: fc.option(no),
      source: fc.constantFrom('callback', 'check', 'compensation', 'operator', 'api', 'budan'),
      codedReason: fc.option(
        fc.constantFrom<Reason>({ code: 'not_paid_yet' }, { code: 'closed_at_gateway' }),
      ),
    })
    const eventOf = (changes: object, id: string) =>
      ({ id, at: sampleOrder().createdAt, stateSeq: 1, reason: null, ...changes }) as OrderEvent
    fc.assert(
      fc.property(order, answer, event, event, (one, given, first, second) => {
        const { reason } = decide({ ...one, status: 'pending' }, given, {
          ...{ now: one.expiresAt, transactionOwner: null },
          ...{ absenceCredible: true, absenceSpreadMs: 0 },
        })
        const words = { reason: '已退款', operator: '王', codedReason: null }
        const [entered, resolved] = [
          eventOf({ codedReason: reason }, '1'),
          eventOf({ ...second, ...words }, '2'),
        ]
        const review = { order: one, entered, resolved, seen: resolved }
        const chinese = explanationText(review, 'zh')
        expect({ chinese, left: englishIn(chinese) }).toEqual({ chinese, left: [] })
        expect(explanationText(review, 'en')).toBe(explainReview(review))
        const seen = eventOf(first, '3')
        const conflict = conflictWith({ order: one, entered, resolved, seen }, '0')
        if (conflict === null) return
        expectChineseReason(conflict.codedReason)
        expect(conflict.message).toBe(sentenceOf(conflict.codedReason))
        if (conflict.first?.operator != null) {
          expect(conflict.message).toContain(conflict.first.operator)
        }
      }),
      { numRuns: runsOf(1000) },
    )
  })

  it('the gateway, for every status and code of its table', () => {
    const verifications: readonly CheckedReply['verification'][] = [
      { kind: 'valid', serial: '1', signedAt: new Date('2026-01-24T12:00:00Z') },
      ...['it is not signed', 'its signature is wrong'].map((message) => ({
        ...({ kind: 'rejected', message, systemic: false } as const),
        defect: message.endsWith('signed') ? ('unsigned' as const) : ('forged' as const),
      })),
    ]
    for (const [status, code] of [...outcomes, [200, '*'], [204, '*'], [302, '*']] as const) {
      for (const verification of verifications) {
        const text = JSON.stringify(code === '*' ? {} : { code, message: '参数 (1): 有误' })
        const reply = { kind: 'reply', status, headers: {}, body: Buffer.from(text) } as const
        const received = { reply, verification, attempt: 'query order "1"' }
        for (const said of [answerOf(received), closingOf(received), prepayOf(received)]) {
          if (said.kind === 'unknown')
            expectChineseReason({ code: 'no_answer', ...causeAndMessage(said) })
        }
      }
    }
  })

  it('verifySignature(), for each defect', async () => {
    const now = new Date('2026-01-24T12:00:00Z')
    const seal = {
      'wechatpay-timestamp': String(+now / 1000),
      ...{ 'wechatpay-nonce': '1', 'wechatpay-serial': '2', 'wechatpay-signature': 'AAAA' },
    }
    const missing = { kind: 'missing', message: 'no key is held for serial "2"', systemic: false }
    const keys = { find: async () => missing as never }
    const headersOf = [
      {},
      { 'wechatpay-signature': '1' },
      { ...seal, 'wechatpay-signature': '*' },
      { ...seal, 'wechatpay-timestamp': '1' },
      { ...seal, 'wechatpay-timestamp': '99999999999' },
      { ...seal, 'wechatpay-signature': 'WECHATPAY/SIGNTEST/1' },
      seal,
    ]
    for (const headers of headersOf) {
      const signed = { headers, body: Buffer.alloc(0) }
      const found = await verifySignature(signed, {
        keys,
        now,
        signal: AbortSignal.timeout(60_000),
      })
      if (found.kind === 'valid') throw new Error('That ought not to be believed')
      expectChinese(`Cannot verify the callback: ${found.message}`)
    }
  })

  it('readinessOf()', async () => {
    const jobs = { waiting: 1, active: 0, failed: 2 }
    const cluster = (url: string) =>
      new ClusterEngine({ url, identity: ['1'], intervalMs: 1, emit: () => undefined }).vitals()
    const engines: readonly EngineVitals[] = [
      localEngine.vitals(),
      cluster('redis://1'),
      { state: 'up', detail: 'queue on Redis', jobs },
      { state: 'up', detail: 'queue on PostgreSQL', jobs },
      {
        state: 'away',
        detail: 'the queue on Redis is away: each node keeps the slots by itself',
        jobs: null,
      },
    ]
    const now = sampleOrder().createdAt
    const schemas = [
      { pending: [], held: [], unknown: [], breaking: [] },
      { pending: ['008_x'], held: [], unknown: [], breaking: [] },
      { pending: [], held: [], unknown: ['009_y'], breaking: [] },
      { pending: [], held: [], unknown: [], breaking: ['010_z'] },
    ]
    const lasts = [null, now, new Date(0)]
    const exceptions = { review: { count: 2, amount: 8_800n } }
    const vitals = lasts.map((lastFinishedRunAt) => ({ now, lastFinishedRunAt, exceptions }))
    for (const engine of engines) {
      for (const schema of schemas) {
        for (const vital of [...vitals, null]) {
          for (const kind of ['pglite', 'postgres'] as const) {
            const readiness = examined({ engine, schema, vital, kind })
            for (const { detail } of readiness.checks) {
              if (detail !== 'PostgreSQL') expectChinese(detail)
            }
          }
        }
      }
    }
  })

  it('readinessOf(), of a database that does not answer as it should', () => {
    const late = { kind: 'late' } as const
    const failed = { kind: 'failed', error: new Error('ECONNREFUSED') } as const
    const faults = ['read-only', 'full', 'other'] as const
    const states: readonly Partial<DatabaseState>[] = [
      ...[late, failed].map((time) => ({ time, vitals: time, schema: time, writeFault: time })),
      ...[late, failed].flatMap((said) => [
        { vitals: said },
        { schema: said },
        { writeFault: said },
      ]),
      ...faults.map((kind) => ({
        writeFault: { kind: 'answered', value: { kind, message: 'x' } } as const,
      })),
    ]
    for (const state of states) {
      const { ready, checks } = inState(state)
      expect(ready).toBe(false)
      for (const { detail } of checks) if (detail !== 'PostgreSQL') expectChinese(detail)
    }
  })

  it('readinessOf(), of clocks and answers', () => {
    const pairs = ['database_node', 'gateway_node', 'database_gateway'] as const
    const skews = pairs.map((pair) => ({ pair, aheadMs: -7_200_000 }))
    const clocks = [
      ...[[], skews.slice(0, 1), skews.slice(1, 2), skews].map((known) => ({
        skews: known,
        disagreement: null,
      })),
      ...skews.map((skew) => ({ skews, disagreement: describeSkew(skew) })),
      ...skews.map((skew) => ({ skews, disagreement: describeSkew({ ...skew, aheadMs: 90_000 }) })),
      { skews, disagreement: skews.map(describeSkew).join('; ') },
      { skews, disagreement: skews.slice(1).map(describeSkew).join('; ') },
    ]
    for (const each of clocks) {
      for (const { detail } of inState({}, { clocks: each }).checks) {
        if (detail !== 'PostgreSQL') expectChinese(detail)
      }
    }
    for (const { cause, own } of causes.flatMap((cause) =>
      ownWords.map((own) => ({ cause, own })),
    )) {
      const breaker = new Breaker(() => undefined, own)
      const answer = { kind: 'unknown', cause, message: '', systemic: false, evidence: {} } as const
      for (let times = 0; times < 3; times += 1) breaker.observe(answer)
      const gateway = inState({}, { breaker }).checks.find(({ name }) => name === 'gateway')
      expect(gateway?.ok).toBe(['foreign', 'quota', 'old_order_limit'].includes(cause))
      expectChinese(gateway?.detail ?? '')
    }
    const breaker = new Breaker(() => undefined)
    for (let times = 0; times < 3; times += 1) breaker.observe({ kind: 'absent', evidence: {} })
    const { ready, checks } = inState({}, { breaker })
    expect(ready).toBe(true)
    for (const { detail } of checks) if (detail !== 'PostgreSQL') expectChinese(detail)
  })
})

function examined(world: {
  engine: EngineVitals
  schema: object
  vital: object | null
  kind: 'pglite' | 'postgres'
}) {
  const { engine, schema, vital, kind } = world
  return inState(
    {
      vitals: vital === null ? { kind: 'late' } : { kind: 'answered', value: vital as Vitals },
      schema: { kind: 'answered', value: schema as SchemaState },
    },
    { engine, kind },
  )
}

/** Well, but for what is given. */
function inState(
  state: Partial<DatabaseState>,
  {
    breaker = new Breaker(() => undefined),
    clocks = { skews: [], disagreement: null },
    ...given
  }: Partial<Parameters<typeof readinessOf>[0]> & Partial<ExaminedMerchant> = {},
) {
  const now = sampleOrder().createdAt
  const vitals = { now, lastFinishedRunAt: now, exceptions: {} } as Vitals
  const database: DatabaseState = {
    time: { kind: 'answered', value: now },
    vitals: { kind: 'answered', value: vitals },
    schema: { kind: 'answered', value: { pending: [], held: [], unknown: [], breaking: [] } },
    writeFault: { kind: 'answered', value: null },
    ...state,
  }
  return readinessOf({
    ...{ kind: 'postgres', database, merchants: [{ name: 'default', breaker, clocks }] },
    engine: localEngine.vitals(),
    enabled: given.kind === 'pglite',
    runningMs: 100_000_000,
    policy: { intervalMs: 1000, leaseMs: 1000, recheckMs: [1000] } as never,
    ...given,
  })
}

const workspace = openWorkspace()
afterAll(() => workspace.remove())

describe('a refusal is explained in Chinese:', () => {
  const values = [
    ...['""', 'x', '"-1"', '1e9', '99999999', '1.5', 'a b', '€', '123456'.repeat(6)],
    ...['https://u:p@h', 'http://example.com', 'ftp://x', 'https://x/?y', 'https://x/#y'],
    ...['https://x/path', `https://x/${'y'.repeat(300)}`, 'pglite:', 'mysql://h', 'postgres://['],
    ...['redis://', 'redis:///', 'redis://h/99', 'redis://h?x', 'PUB_KEY_ID_x', 'x'.repeat(600)],
    ...['"-----BEGIN X"', '[]', '[0, x]', '{ a: b }', '*x', '"\\u0000"'],
  ]

  const keys = [
    ...configKeys().flatMap(({ section, key }) => [section, ...key.split('.')]),
    ...['trace', 'debug', 'info', 'warn', 'error', 'silent', 'json', 'pretty'],
    // The parser's own name for what it found.
    ...['block', 'in', 'flow', 'unexpected', 'token', 'bad', 'alias'],
  ]

  it.each(configKeys().map(({ section, key }) => [section, key]))(
    'for a wrong %s.%s of a configuration',
    (section, key) => {
      for (const value of values) {
        const nested = key.split('.').reduceRight((held, part) => `{ ${part}: ${held} }`, value)
        const yaml = `${section}: ${nested}\n`
        for (const fault of workspace.faults(yaml, { need: 'serve' })) expectChinese(fault, keys)
      }
    },
  )

  it.each([
    'server:\n\tport: 1\n',
    'server: x\n',
    'servr: {}\n',
    'bogus: {}\n',
    'server: { prot: 1, bogus: 2, mch_id: 3 }\n',
    'server: { port: 1, port: 2 }\n',
    '- 1\n',
    'a: "\n',
    'a: 1\n---\nb: 2\n',
    'a: !x y\n',
    'a: @x\n',
    'a: b: c\n',
    'a: "\\q"\n',
    '? [a]\n: b\n',
    'server: { host: 0.0.0.0 }\n',
    'wechat: { public_key_id: PUB_KEY_ID_1 }\n',
    'wechat: { private_key_path: /nowhere/key.pem }\n',
    'wechat: { private_key_path: / }\n',
  ])('for the configuration %j', (yaml) => {
    const faults = workspace.faults(yaml, { need: 'serve', env: { RECHARGE_COMPENSATION_X: '1' } })
    expect(faults).not.toEqual([])
    for (const fault of faults) expectChinese(fault, keys)
  })

  const server = { host: '127.0.0.1', port: 0, apiToken: 'secret-token-of-the-test' }
  const bearer = { authorization: `Bearer ${server.apiToken}` }
  const json = { ...bearer, 'content-type': 'application/json', 'idempotency-key': '1' }
  const order = { user_id: '1', amount: 100, description: '2' }
  const wrong: readonly [
    method: 'GET' | 'POST',
    url: string,
    headers: object,
    payload?: unknown,
  ][] = [
    ['GET', '/v1/orders', {}],
    ['GET', '/v1/orders', { authorization: 'Bearer 1' }],
    ['GET', '/v1/nothing', bearer],
    ['GET', '/v1/orders/1', bearer],
    ['GET', '/v1/runs/1', bearer],
    ['GET', '/v1/orders?limit=0&status=lost', bearer],
    ['GET', '/v1/orders?limit=1&limit=2&cursor=1&cursor=2', bearer],
    ['GET', `/v1/orders?user_id=${'1'.repeat(65)}`, bearer],
    ['GET', '/v1/orders/%zz', bearer],
    ['GET', `/v1/orders/${'1'.repeat(2000)}`, bearer],
    ['POST', '/v1/orders', json, '{'],
    ['POST', '/v1/orders', json, '[]'],
    ['POST', '/v1/orders', json, {}],
    ['POST', '/v1/orders', json, { ...order, amount: 1.5, user_id: '', extra_1: 1, extra_2: 2 }],
    ['POST', '/v1/orders', json, { ...order, description: '😀', attach: '\u0000' }],
    ['POST', '/v1/orders', json, { ...order, adopt: 7 }],
    ['POST', '/v1/orders', json, { adopt: true, order_no: '1', user_id: '1', amount: null }],
    ['POST', '/v1/orders', json, { adopt: true, order_no: '111111', created_at: '1', ...order }],
    [
      'POST',
      '/v1/orders',
      json,
      { adopt: true, order_no: '111111', created_at: '2099-01-01T00:00:00Z', ...order },
    ],
    [
      'POST',
      '/v1/orders',
      json,
      { adopt: true, order_no: '111111', expires_at: '2001-01-01T00:00:00Z', ...order },
    ],
    ['POST', '/v1/orders', { ...bearer, 'content-type': 'application/json' }, order],
    ['POST', '/v1/orders', { ...json, 'idempotency-key': '一' }, order],
    ['POST', '/v1/orders', { ...bearer, 'content-type': 'text/plain' }, 'x'],
    ['POST', '/v1/orders', json, ' '.repeat(70_000)],
    ['POST', '/v1/orders', json, Buffer.from([0xff])],
    ['POST', '/v1/orders/111111/check', bearer],
    ['POST', '/v1/orders/111111/review', json, { preview: 7 }],
    ['POST', '/v1/orders/111111/review', json, { action: 'pay', name: '', reason: 1, seen: '1' }],
    ['POST', '/v1/runs', json, { dry_run: '1' }],
    ['GET', '/1', { accept: 'text/html', ...bearer }],
  ]

  it('for each request that the HTTP API refuses', async () => {
    const app = await buildWeb(doubleBudan().budan, { server, version: '1' })
    try {
      for (const [method, url, headers, payload] of wrong) {
        const given = payload === undefined ? {} : { payload: payload as object }
        const answered = await app.inject({ method, url, headers: headers as never, ...given })
        expect({ url, status: answered.statusCode }).toMatchObject({ url })
        expect(answered.statusCode).toBeGreaterThanOrEqual(400)
        if (!answered.headers['content-type']?.toString().includes('json')) continue
        const names = [
          'limit',
          'cursor',
          'action',
          'seen',
          'preview',
          'adopt',
          'GET',
          ...orderStatuses,
        ]
        expectChinese((answered.json() as { message: string }).message, [
          ...names,
          ...reviewActions,
        ])
      }
    } finally {
      await app.close()
    }
  })
})
