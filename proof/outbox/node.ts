import { setMaxListeners } from 'node:events'
import { Kysely } from 'kysely'
import type { Desk } from '../../src/desk.ts'
import type { Emit } from '../../src/domain/event.ts'
import { schedulePolicy } from '../../src/domain/runs/schedule.ts'
import { closeException } from '../../src/exceptions/close.ts'
import { previewReview, resolveReview } from '../../src/orders/review.ts'
import { Feed } from '../../src/outbox/feed.ts'
import { Pump } from '../../src/outbox/pump.ts'
import { Dispatcher, type DispatcherParts } from '../../src/outbox/webhooks/dispatcher.ts'
import { openWebhookDesk } from '../../src/outbox/webhooks/webhook-desk.ts'
import { storeOn } from '../../src/store/assemble.ts'
import { type ConnectionSource, postgresDialect } from '../../src/store/driver.ts'
import type { Store } from '../../src/store/store.ts'
import type { Owner } from '../sim/clock/loop.ts'
import { type NodeParts, startNode } from '../sim/node.ts'
import { mchid, type Payments, timeoutMs } from './payments.ts'

const recharge = {
  ...{ compensationIntervalMins: 5, compensationThresholdMins: 5, compensationBatchSize: 20 },
  ...{ compensationConcurrency: 5, compensationRecheckMins: [5, 10, 30], orderTtlMins: 20 },
}

/** As the schema of the image is called. */
const schema = 'budan'

export interface OutboxNodeParts extends Pick<DispatcherParts, 'endpoints' | 'openSender'> {
  readonly owner: Owner
  readonly source: ConnectionSource
  readonly payments: Payments
  readonly emit: Emit
  /** A test wraps the store in a defect. */
  readonly wrapStore: (store: Store) => Store
}

export type OutboxNode = Awaited<ReturnType<typeof openNode>>

/** One process: the production stages that make facts, and all of the outbox, wired as in `src/service.ts`. */
export async function openNode(parts: OutboxNodeParts) {
  const { owner, endpoints, openSender } = parts
  const store = parts.wrapStore(openStore(parts.source))
  const merchants = [{ name: merchantName, gateway: 'wechatpay', mchid }]
  const emit: Emit = (event) => {
    pump.hint(event)
    parts.emit(event)
  }
  const nameOf = () => merchantName
  const dispatcher = new Dispatcher({
    ...{ store, emit, endpoints, nameOf },
    ...(openSender && { openSender }),
  })
  const wake = () => dispatcher.wake()
  const delivers = endpoints.length > 0
  const pump = new Pump({ store, emit, onPositioned: wake, delivers })
  const feed = new Feed({ store, pump, merchants, ended: () => ended.signal })
  const ended = new AbortController()
  setMaxListeners(0, ended.signal)
  const webhooks = openWebhookDesk({ store, emit, endpoints, wake })
  if (endpoints.length > 0) await store.configureWebhooks(endpoints)
  const { node, desk } = startStages({ ...parts, store, emit })
  pump.start()
  dispatcher.start()
  return {
    ...{ owner, store, feed, webhooks },
    adopt: node.adopt,
    check: (orderNo: string) => node.check({ orderNo, mchid }),
    run: () => node.run(false),
    receive: (callback: Parameters<typeof node.receive>[0]) => node.receive(callback, merchantName),
    dismiss: (orderNo: string) => dismiss(desk, orderNo),
    closeException: (id: string) =>
      closeException({ store, emit }, { id, reason: 'seen', actor: person }),
    stop: async () => {
      ended.abort()
      await Promise.all([node.stop(), pump.stop(), dispatcher.stop()])
    },
  }
}

const merchantName = 'default'
export const person = { name: 'desk', address: null } as const

/** Of PostgreSQL's kind: several processes share it. */
function openStore(source: ConnectionSource): Store {
  const db = new Kysely<unknown>({ dialect: postgresDialect(source) })
  const close = () => source.close()
  return storeOn(
    { kind: 'postgres', name: 'the simulated database', schema, db, patientDb: db, close },
    { clock: () => new Date() },
  )
}

function startStages({
  owner,
  store,
  emit,
  payments,
}: Pick<OutboxNodeParts, 'owner' | 'emit' | 'payments'> & { readonly store: Store }) {
  const desks: Desk[] = []
  const parts: NodeParts = {
    ...{ owner, store, emit, onPaid: null },
    scenario: { adoptAttach: null, adoptPrefixes: null, drain: false, recharge },
    policy: schedulePolicy(recharge, timeoutMs),
    merchants: [
      {
        merchant: { mchid, userPrefix: null },
        ...{ name: merchantName, gateway: payments.gatewayOf(owner), emit },
      },
    ],
    wrapDesks: (opened) => {
      desks.push(...opened)
      return opened
    },
  }
  const node = startNode(parts)
  const [desk] = desks
  if (desk === undefined) throw new Error('The node has no desk')
  return { node, desk }
}

/** A person looks at the review, and takes it out of the queue. */
async function dismiss(desk: Desk, orderNo: string) {
  const name = { orderNo, merchant: null }
  const previewed = await previewReview(desk, name)
  if (previewed?.kind !== 'previewed') return previewed
  const { seen } = previewed.preview
  const request = { action: 'dismiss', name: person.name, reason: 'refunded by hand' } as const
  return resolveReview(desk, { ...name, ...request, seen, actor: person })
}
