import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { status } from '../webhooks/receiver.ts'
import { type Stage, standing } from './stage.ts'

/** A state of the world around budan, how it comes about, and how it ends. */
export interface State {
  /** As the documentation calls it. */
  readonly name: string
  readonly begin: (stage: Stage) => unknown
  readonly end: (stage: Stage) => unknown
  /** How long it lasts: looked at every five minutes. */
  readonly minutes: number
  /** Runs are tried meanwhile; not where each would wait for its deadline. */
  readonly withRuns?: boolean
  /** Published events get their positions meanwhile, and the endpoint takes them. */
  readonly withEvents?: boolean
  /** Looked at instead of five minutes apart, where each look takes its deadline. */
  readonly everyMins?: number
}

const query = 'query' as const

/** SQLSTATE 53100, as a full disk says it, on whatever is written. */
const writtenTables = ['orders', 'order_events', 'runs', 'retention']
const fill = [
  `create function full_disk() returns trigger language plpgsql as $$ begin
    raise exception 'could not extend file: No space left on device' using errcode = '53100';
  end $$`,
  ...writtenTables.map(
    (table) => `create trigger full_disk before insert or update on ${table}
      for each statement execute function full_disk()`,
  ),
]
const clean = ['drop function full_disk cascade']

/** Open sessions keep the settings that they had when they began. */
function readOnly(word: 'on' | 'off'): readonly string[] {
  return [
    `do $$ begin execute format(
      'alter database %I set default_transaction_read_only = ${word}', current_database()); end $$`,
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`,
  ]
}

function faulty(fault: Parameters<Stage['world']['control']['addFault']>[0]['fault']) {
  return {
    begin: ({ world }: Stage) => world.control.addFault({ operation: query, fault }),
    end: ({ world }: Stage) => world.control.clearFaults(),
  }
}

const dayMins = 24 * 60

const locking: { client?: Client } = {}

async function credit({ world }: Stage, orderNo: string): Promise<void> {
  await world.adopt(orderNo)
  world.control.pay(orderNo, { callback: false })
  await world.budan.checkOrder(orderNo)
}

/** Until the statement finds a row. */
async function until({ stranger }: Stage, statement: string): Promise<void> {
  const client = await stranger()
  const found = async () => (await client.query(statement)).rows.length > 0
  while (!(await found())) await delay(20)
  await client.end()
}

export const states: readonly State[] = [
  { name: 'all is well', begin: () => {}, end: () => {}, minutes: 15 },
  {
    name: 'PostgreSQL cannot be reached',
    begin: ({ road }) => road.cut(),
    end: ({ road }) => road.mend(),
    minutes: 10,
  },
  {
    name: 'PostgreSQL hangs',
    begin: ({ road }) => road.silence(),
    end: ({ road }) => road.mend(),
    ...{ minutes: 10, everyMins: 10, withRuns: false },
  },
  {
    name: 'somebody keeps a table locked',
    begin: async ({ stranger }) => {
      locking.client = await stranger()
      await locking.client.query('begin; lock table orders in access exclusive mode')
    },
    end: () => locking.client?.end(),
    ...{ minutes: 10, everyMins: 10, withRuns: false },
  },
  {
    name: 'PostgreSQL can only be read',
    begin: ({ admin }) => admin(readOnly('on')),
    end: ({ admin }) => admin(readOnly('off')),
    minutes: 10,
  },
  {
    name: 'its disk is full',
    begin: ({ admin }) => admin(fill),
    end: ({ admin }) => admin(clean),
    minutes: 10,
  },
  {
    name: 'its clock is 3 h ahead',
    begin: ({ offset }) => {
      offset.databaseMs = 3 * 3_600_000
    },
    end: ({ offset }) => {
      offset.databaseMs = 0
    },
    minutes: 10,
  },
  {
    name: "this node's clock is 2 min behind",
    begin: ({ offset }) => {
      offset.nodeMs = -120_000
    },
    end: ({ offset }) => {
      offset.nodeMs = 0
    },
    minutes: 10,
  },
  { name: 'WeChat Pay cannot be reached', ...faulty({ kind: 'reset' }), minutes: 25 },
  {
    name: 'WeChat Pay refuses our key',
    ...faulty({ kind: 'error', status: 401, code: 'SIGN_ERROR' }),
    minutes: 15,
  },
  {
    name: 'no answer can be verified, of few orders',
    ...faulty({ kind: 'wrong_signature' }),
    minutes: 25,
  },
  {
    name: 'WeChat Pay knows none of the orders',
    ...faulty({ kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' }),
    minutes: 100,
  },
  {
    name: 'runs do not finish',
    begin: ({ world }) => world.adopt('NEVER-QUERIED', { ttlMins: 14 * dayMins }),
    end: () => {},
    ...{ minutes: 70, withRuns: false },
  },
  {
    name: 'WeChat Pay says "too many" again and again',
    begin: async ({ world, emit }) => {
      const fault = { kind: 'error', status: 429, code: 'FREQUENCY_LIMITED' } as const
      world.control.addFault({ operation: query, fault, times: 1 })
      await world.budan.checkOrder(standing[0] ?? '')
      // Each takes longer than the one before, so the event is emitted without the wait.
      for (let times = 0; times < 10; times += 1) emit({ type: 'gateway_throttled', holdMs: 2000 })
    },
    end: () => {},
    minutes: 5,
  },
  {
    name: 'a credited order was refunded',
    begin: async ({ world }) => {
      await world.adopt('REFUNDED', { amount: 200 })
      world.control.pay('REFUNDED', { callback: false })
      await world.budan.checkOrder('REFUNDED')
      world.control.refund('REFUNDED')
      await world.budan.checkOrder('REFUNDED')
    },
    end: async ({ world }) => {
      const [exception] = (await world.budan.listExceptions({ orderNo: 'REFUNDED' })).items
      const actor = { name: 'Wang Li', address: null }
      const reason = 'the credit was taken back'
      await world.budan.closeException(exception?.id ?? '', { reason, actor })
    },
    minutes: 5,
  },
  {
    name: 'an order was paid, but not as ordered',
    begin: async ({ world }) => {
      world.control.putOrder({ out_trade_no: 'IN-REVIEW', total: 100 })
      const facts = { orderNo: 'IN-REVIEW', userId: 'u1', amount: 200n, description: '' }
      await world.budan.adoptOrder({ ...facts, createdAt: null, expiresAt: null })
      world.control.pay('IN-REVIEW', { callback: false })
      await world.budan.checkOrder('IN-REVIEW')
    },
    end: async ({ world }) => {
      const made = await world.budan.previewReview('IN-REVIEW')
      if (made?.kind !== 'previewed') throw new Error('No preview')
      const { seen } = made.preview
      await world.budan.resolveReview('IN-REVIEW', {
        ...{ action: 'dismiss', name: 'Wang Li', reason: 'refunded in the merchant console', seen },
      })
    },
    minutes: 5,
  },
  {
    name: 'tokens are guessed',
    begin: async ({ get }) => {
      const headers = { authorization: 'Bearer wrong' }
      const guesses = Array.from({ length: 31 }, (_, at) =>
        get('/v1/orders', { headers, remoteAddress: `203.0.113.${at + 1}` }),
      )
      await Promise.all(guesses)
    },
    end: () => {},
    minutes: 5,
  },
  {
    name: 'callbacks miss their path',
    begin: async ({ get }) => {
      const headers = { 'wechatpay-signature': 'AAAA', 'wechatpay-serial': 'BBBB' }
      for (let times = 0; times < 6; times += 1) {
        await get('/v1/callbacks/wechat', { method: 'POST', headers })
      }
    },
    end: () => {},
    minutes: 5,
  },
  {
    name: 'callbacks fail',
    begin: async ({ world }) => {
      for (let times = 0; times < 6; times += 1) {
        await world.budan.receiveCallback({ headers: {}, body: Buffer.from('{}') })
      }
    },
    end: () => {},
    minutes: 5,
  },
  {
    name: 'a robot takes no messages',
    begin: async ({ emit, look, step }) => {
      const fail = () => emit({ type: 'alert_unsent', robot: 'wecom' })
      // Prometheus counts an increase from the first value that it has seen.
      fail()
      await look()
      await step(1)
      for (let times = 0; times < 5; times += 1) fail()
    },
    end: () => {},
    minutes: 5,
  },
  {
    name: 'published events get no positions',
    begin: async (stage) => {
      locking.client = await stage.stranger()
      await locking.client.query('begin; select from published_head for update')
      await credit(stage, 'PUBLISHED-1')
    },
    end: () => locking.client?.end(),
    ...{ minutes: 10, withEvents: false },
  },
  {
    name: 'an endpoint takes nothing',
    begin: async (stage) => {
      stage.receiver.reply = status(500)
      await credit(stage, 'SENT-1')
      for (const failures of [1, 2, 3]) {
        await until(stage, `select from webhook_endpoints where failures = ${failures}`)
        if (failures < 3) await stage.step(1)
      }
    },
    end: async ({ receiver, step }) => {
      receiver.reply = status(204)
      // The next attempt is due.
      await step(60)
    },
    ...{ minutes: 25, withEvents: false },
  },
  {
    name: 'deliveries were given up',
    begin: async (stage) => {
      stage.receiver.reply = status(500)
      await credit(stage, 'SENT-2')
      await until(stage, 'select from webhook_endpoints where failures = 1')
      await stage.step(4 * dayMins)
      await until(stage, "select from webhook_deliveries where state = 'failed'")
    },
    end: async ({ world, receiver, stranger, step }) => {
      receiver.reply = status(204)
      const client = await stranger()
      const failed = await client.query("select id from webhook_deliveries where state = 'failed'")
      await client.end()
      for (const { id } of failed.rows) await world.budan.webhooks.replayDelivery(`dlv_${id}`)
      // Until then nothing is sent there.
      await step(15)
    },
    minutes: 5,
  },
  {
    name: 'proofs cannot be written',
    begin: async (stage) => {
      const client = await stage.stranger()
      await client.query('alter table proofs rename to proofs_away')
      await credit(stage, 'PROVED-1')
      await client.query('alter table proofs_away rename to proofs')
      await client.end()
    },
    end: () => {},
    minutes: 5,
  },
  {
    name: 'callbacks do not come',
    begin: async ({ world }) => {
      await world.adopt('PAID-1')
      world.control.pay('PAID-1', { callback: false })
    },
    end: () => {},
    minutes: 10,
  },
]
