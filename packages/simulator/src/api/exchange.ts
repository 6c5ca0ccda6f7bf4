import type { ServerResponse } from 'node:http'
import type { NotifyingWorld } from '../callbacks/notifier.ts'
import { beijingTime } from '../clock.ts'
import { type ClientOperation, type Fault, faultOf } from '../faults/fault.ts'
import { isObject } from '../merge.ts'
import { paymentError, payOrder } from '../orders/payment.ts'
import { tradeOf } from '../orders/trade.ts'
import { authenticationError } from './authenticate.ts'
import { listCertificates } from './certificates.ts'
import { close } from './close.ts'
import { prepay } from './native.ts'
import { query, queryById } from './query.ts'
import { bare, htmlPage, type Reply, refusal, success, usualCode } from './reply.ts'
import type { LoggedRequest } from './request-log.ts'
import { type Route, routeOf } from './route.ts'
import { mergedText } from './seal.ts'
import { transmit } from './transmit.ts'
import type { Wire } from './wire.ts'

interface Call {
  readonly wire: Wire
  readonly route: Route
  readonly orderNo: string | null
  readonly faults: readonly Fault[]
}

/** Serves one request of a client: authenticates, performs, answers and signs it, with its faults. */
export async function exchange(
  world: NotifyingWorld,
  wire: Wire,
  response: ServerResponse,
): Promise<void> {
  const route = routeOf(wire)
  if (typeof route === 'number') {
    const logged = logArrival(world, wire, { operation: null, orderNo: null })
    return transmit(world, response, { wire, reply: bare(route), faults: [], logged })
  }
  const orderNo = orderNoOf(world, wire, route)
  const logged = logArrival(world, wire, { operation: route.operation, orderNo })
  const refused = authenticationError(wire, { ...world, now: world.signatureNow() })
  const faults = refused ? [] : world.rules.draw(route.operation, orderNo)
  logged.faults = faults.map((fault) => fault.kind)
  const reply = refused ?? answer(world, { wire, route, orderNo, faults })
  return transmit(world, response, { wire, reply, faults, logged })
}

function logArrival(
  world: NotifyingWorld,
  wire: Wire,
  about: { readonly operation: ClientOperation | null; readonly orderNo: string | null },
): LoggedRequest {
  return world.log.open({
    at: beijingTime(world.clock.now()),
    method: wire.method,
    target: wire.target,
    operation: about.operation,
    out_trade_no: about.orderNo,
    body: wire.body.toString('utf8'),
    wechatpay_serial: wire.headers['wechatpay-serial'] ?? null,
  })
}

function orderNoOf(world: NotifyingWorld, wire: Wire, route: Route): string | null {
  switch (route.operation) {
    case 'query':
    case 'close':
      return route.subject
    case 'query_by_id':
      return world.book.findPayment(route.subject ?? '')?.order.outTradeNo ?? null
    case 'native':
      return orderNoIn(wire.body)
    case 'certificates':
      return null
  }
}

function orderNoIn(body: Buffer): string | null {
  try {
    const json = JSON.parse(body.toString('utf8'))
    return isObject(json) && typeof json.out_trade_no === 'string' ? json.out_trade_no : null
  } catch {
    return null
  }
}

/** The reply of the operation, or the one that a fault puts in its place. */
function answer(world: NotifyingWorld, call: Call): Reply {
  payBy(world, call, 'before')
  const own = takesEffect(call.faults) ? perform(world, call) : bare(500)
  payBy(world, call, 'after')
  const error = faultOf(call.faults, 'error')
  return error ? errorReply(error) : altered(world, own, call.faults)
}

function perform(world: NotifyingWorld, call: Call): Reply {
  const { wire, route } = call
  switch (route.operation) {
    case 'native':
      return prepay(world, wire)
    case 'query':
      return query(world, wire, route.subject)
    case 'query_by_id':
      return queryById(world, wire, route.subject)
    case 'close':
      return close(world, wire, route.subject)
    case 'certificates':
      return listCertificates(world, wire)
  }
}

/** By default an operation with an error fault has no effect, and one whose answer is lost has. */
function takesEffect(faults: readonly Fault[]): boolean {
  return faults.every((fault) => {
    if (fault.kind === 'error') return fault.performed ?? false
    return fault.kind === 'hang' || fault.kind === 'reset' ? (fault.performed ?? true) : true
  })
}

/** Lets the payer pay during the call, if the order can be paid. */
function payBy(world: NotifyingWorld, call: Call, when: 'before' | 'after'): void {
  const order = call.orderNo === null ? null : world.book.find(call.orderNo)
  for (const fault of call.faults) {
    if (fault.kind !== 'pay' || fault.when !== when || !order) continue
    if (paymentError(world, order, fault) === null) payOrder(world, order, fault)
  }
}

function errorReply(fault: Extract<Fault, { kind: 'error' }>): Reply {
  const reply = refusal({
    status: fault.status,
    code: fault.code ?? usualCode(fault.status),
    ...(fault.message === undefined ? {} : { message: fault.message }),
  })
  return {
    ...reply,
    ...bodyOf(fault.body ?? 'json'),
    signed: fault.signed ?? reply.signed,
    ...(fault.retry_after === undefined ? {} : { retryAfter: fault.retry_after }),
  }
}

function bodyOf(form: 'json' | 'html' | 'empty'): Partial<Reply> {
  if (form === 'html') {
    return { body: htmlPage, contentType: 'text/html', code: null, signed: false, number: null }
  }
  return form === 'empty' ? { body: '', code: null } : {}
}

function altered(world: NotifyingWorld, own: Reply, faults: readonly Fault[]): Reply {
  let reply = own
  for (const fault of faults) {
    if (fault.kind === 'other_order') {
      const other = world.book.find(fault.out_trade_no)
      if (other) reply = success(tradeOf(other, world.switches))
    } else if (fault.kind === 'answer' && reply.status === 200) {
      reply = { ...reply, body: mergedText(reply.body, fault.merge) }
    } else if (fault.kind === 'sign') {
      reply = { ...reply, signed: fault.signed }
    }
  }
  return reply
}
