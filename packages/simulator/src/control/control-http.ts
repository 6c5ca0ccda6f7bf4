import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Wire } from '../api/wire.ts'
import { clientOperations } from '../faults/fault.ts'
import type { Control } from './control.ts'
import { ControlError } from './control-error.ts'
import { refuseOtherSites } from './other-sites.ts'
import { parse } from './parse.ts'

/** The longest wait for callbacks over HTTP. Clients time out at about the same time. */
const waitMsMax = 60_000

interface ControlRequest {
  readonly control: Control
  readonly orderNo: string
  readonly body: unknown
  readonly query: URLSearchParams
}

type Endpoint = (request: ControlRequest) => unknown

const state = z.strictObject({ state: z.string() })
const lose = z.strictObject({ lose: z.boolean().default(true) }).default({ lose: true })
const refund = z.strictObject({ amount: z.int().min(1).optional() }).default({})
const advance = z.strictObject({ advance_ms: z.number().min(0) })
const rotate = z.strictObject({ retire_old: z.boolean().optional() }).default({})
const patch = z.record(z.string(), z.json()).nullable()
const anything = z.any()

/** `{no}` is an order number (or a fault's id), percent-encoded. */
const endpoints: Readonly<Record<string, Endpoint>> = {
  'GET /_sim': ({ control }) => ({
    now: control.now().toISOString(),
    switches: control.switches(),
    faults: control.faults().length,
    endpoints: Object.keys(endpoints),
  }),
  'GET /_sim/orders': ({ control, query }) => {
    const wanted = query.get('state')
    return { orders: control.orders(wanted === null ? {} : { state: wanted }) }
  },
  'POST /_sim/orders': ({ control, body }) => control.putOrder(parse(anything, body)),
  'GET /_sim/orders/{no}': ({ control, orderNo }) => control.order(orderNo),
  'POST /_sim/orders/{no}/pay': ({ control, orderNo, body }) =>
    control.pay(orderNo, parse(anything, body ?? {})),
  'POST /_sim/orders/{no}/close': ({ control, orderNo }) => control.close(orderNo),
  'POST /_sim/orders/{no}/refund': ({ control, orderNo, body }) =>
    control.refund(orderNo, definedAmount(parse(refund, body).amount)),
  'POST /_sim/orders/{no}/revoke': ({ control, orderNo }) => control.revoke(orderNo),
  'POST /_sim/orders/{no}/state': ({ control, orderNo, body }) =>
    control.setState(orderNo, parse(state, body).state),
  'POST /_sim/orders/{no}/answer': ({ control, orderNo, body }) =>
    control.answerAs(orderNo, parse(patch, body ?? null)),
  'POST /_sim/orders/{no}/lose': ({ control, orderNo, body }) =>
    control.loseCallbacks(orderNo, parse(lose, body).lose),
  'POST /_sim/orders/{no}/redeliver': ({ control, orderNo }) => control.redeliver(orderNo),
  'POST /_sim/orders/{no}/refund-notice': ({ control, orderNo, body }) =>
    control.noticeRefund(orderNo, parse(anything, body ?? {})),
  'GET /_sim/orders/{no}/deliveries': deliveries,
  'GET /_sim/truth': ({ control }) => control.truth(),
  'GET /_sim/requests': ({ control, query }) => ({ requests: control.requests(filterOf(query)) }),
  'DELETE /_sim/requests': ({ control }) => control.clearRequests(),
  'GET /_sim/switches': ({ control }) => control.switches(),
  'PATCH /_sim/switches': ({ control, body }) => control.setSwitches(parse(anything, body)),
  'GET /_sim/faults': ({ control }) => ({ faults: control.faults() }),
  'POST /_sim/faults': ({ control, body }) => control.addFault(parse(anything, body)),
  'DELETE /_sim/faults': ({ control }) => control.clearFaults(),
  'DELETE /_sim/faults/{no}': ({ control, orderNo }) => control.removeFault(orderNo),
  'GET /_sim/clock': ({ control }) => ({ now: control.now().toISOString() }),
  'POST /_sim/clock': async ({ control, body }) => {
    await control.advance(parse(advance, body).advance_ms)
    return { now: control.now().toISOString() }
  },
  'POST /_sim/certificates': ({ control, body }) => {
    const { retire_old } = parse(rotate, body)
    return control.rotateCertificate(retire_old === undefined ? {} : { retire_old })
  },
  'POST /_sim/reset': ({ control }) => control.reset(),
}

/** Answers one request to `/_sim…` with 200 and JSON, with 204, or with an error `{code, message}`. */
export async function controlByHttp(
  control: Control,
  wire: Wire,
  response: ServerResponse,
): Promise<void> {
  try {
    refuseOtherSites(wire)
    const { endpoint, subject } = endpointOf(wire)
    const result = await endpoint({
      control,
      orderNo: subject,
      body: jsonOf(wire.body),
      query: wire.query,
    })
    answer(response, result === undefined ? 204 : 200, result)
  } catch (error) {
    if (!(error instanceof ControlError)) throw error
    answer(response, error.status, { code: error.code, message: error.message })
  }
}

function endpointOf(wire: Wire): { endpoint: Endpoint; subject: string } {
  const [, root, kind, subject, ...rest] = wire.path.replace(/\/$/, '').split('/')
  const place = subject === undefined ? [root, kind] : [root, kind, '{no}', ...rest]
  const name = `${wire.method} /${place.filter((part) => part !== undefined).join('/')}`
  const endpoint = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined
  if (endpoint) return { endpoint, subject: decoded(subject ?? '') }
  throw new ControlError(
    404,
    'NO_SUCH_ENDPOINT',
    `Cannot ${wire.method} "${wire.path}"; GET /_sim lists all`,
  )
}

async function deliveries({ control, orderNo, query }: ControlRequest): Promise<unknown> {
  const waitMs = parse(z.coerce.number().min(0).max(waitMsMax), query.get('wait_ms') ?? 0)
  if (waitMs > 0) {
    const attempts = parse(
      z.coerce.number().int().min(1).optional(),
      query.get('attempts') ?? undefined,
    )
    const signal = AbortSignal.timeout(waitMs)
    const options = attempts === undefined ? { signal } : { signal, attempts }
    // A wait that timed out is no error: `callback` of the order says whether more are due.
    await control.waitForDeliveries(orderNo, options).catch(() => {})
  }
  return { callback: control.order(orderNo).callback, deliveries: control.deliveries(orderNo) }
}

function filterOf(query: URLSearchParams) {
  const schema = z.strictObject({
    operation: z.enum(clientOperations).optional(),
    out_trade_no: z.string().optional(),
    status: z.coerce.number().int().optional(),
    after_seq: z.coerce.number().int().optional(),
  })
  return parse(schema, Object.fromEntries(query))
}

function definedAmount(amount: number | undefined): { amount?: number } {
  return amount === undefined ? {} : { amount }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new ControlError(400, 'WRONG_INPUT', `Cannot decode "${segment}"`)
  }
}

function jsonOf(body: Buffer): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new ControlError(400, 'WRONG_INPUT', 'Cannot read the body: it is not JSON')
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (body === undefined) response.writeHead(status).end()
  else {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    response.end(`${JSON.stringify(body)}\n`)
  }
}
