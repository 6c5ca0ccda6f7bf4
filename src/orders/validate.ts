import {
  appIdPattern,
  appIdRule,
  type Faults,
  gatewayTextFaults,
  idempotencyKeyPattern,
  idempotencyKeyRule,
  isAmount,
  newUserIdFaults,
  orderNoPattern,
  orderNoRule,
  textBounds,
} from '../domain/fact-rules.ts'
import { fenMax } from '../domain/money.ts'
import type { Actor } from '../domain/order.ts'
import { readSeenMark } from '../domain/review/resolve.ts'
import { type ReviewAction, reviewActions } from '../domain/review/review-action.ts'
import type { RawCallback } from '../gateway/gateway.ts'
import { wordsFault, wordsMax } from '../text/operator-text.ts'
import { isStorableTime } from '../text/rfc3339.ts'
import type {
  AbandonRequest,
  AdoptRequest,
  CorrectRequest,
  PlaceRequest,
  ReviewRequest,
  RunWanted,
} from './requests.ts'

/** A request without absent members: each that was left out is null. */
export type Whole<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

/** An embedder's arguments are wrong. Nothing was stored. */
export class WrongRequest extends TypeError {}

/** Says what is wrong with a value of any type; `request` is the whole that it is a member of. */
type Rule = (value: unknown, request: Readonly<Record<string, unknown>>) => Faults

/**
 * An embedder's arguments are checked like an HTTP request, before anything is stored: plain JavaScript
 * may pass numbers for bigints, and may leave members out. Each of these functions throws a `TypeError`
 * that names every wrong member and its value.
 */
function checked<T extends object>(attempt: string, rules: Readonly<Record<string, Rule>>) {
  return (given: T): T => {
    if (typeof given !== 'object' || given === null) {
      throw new WrongRequest(
        `Cannot ${attempt}: the request must be an object, not ${shown(given)}`,
      )
    }
    const values = given as Readonly<Record<string, unknown>>
    const faults = Object.entries(rules).flatMap(([name, rule]) =>
      rule(values[name], values).map((fault) => `${name} ${fault}, not ${shown(values[name])}`),
    )
    if (faults.length > 0) throw new WrongRequest(`Cannot ${attempt}: ${faults.join('; ')}`)
    return given
  }
}

/** `Headers` of `fetch` are refused: their names are not members of the object. */
const rawHeaders: Rule = (value) =>
  typeof value === 'object' && value !== null && !('get' in value)
    ? []
    : ['must be an object whose names are in lower-case letters']

const amount: Rule = (value) =>
  isAmount(value) ? [] : [`must be a bigint from 1n to ${fenMax}n (fen)`]

const time: Rule = (value) =>
  value instanceof Date && isStorableTime(value) ? [] : ['must be a Date of the years 2000 to 2099']

const actor: Rule = (value) =>
  typeof value === 'object' && value !== null && isActor(value)
    ? []
    : ['must be { name, address }: a text of one line, and one or null']

function isActor({ name, address }: Partial<Record<keyof Actor, unknown>>): boolean {
  return isLine(name) && (address === null || address === undefined || isLine(address))
}

/** No maximum length: it is the name of a token, or of a user of another system. */
function isLine(value: unknown): boolean {
  return typeof value === 'string' && wordsFault(value, Infinity) === null
}

const words = (key: keyof typeof wordsMax) =>
  textBy((text) => {
    const fault = wordsFault(text, wordsMax[key])
    return fault === null ? [] : [fault]
  })

/** The person who is responsible for an action, and the reason. */
const accounted = { reason: words('reason'), actor }

function textBy(faultsOf: (text: string) => Faults): Rule {
  return (value) => (typeof value === 'string' ? faultsOf(value) : ['must be a string'])
}

function textLike(pattern: RegExp, rule: string): Rule {
  return textBy((text) => (pattern.test(text) ? [] : [rule]))
}

function both(first: Rule, second: Rule): Rule {
  return (value, request) => {
    const faults = first(value, request)
    return faults.length > 0 ? faults : second(value, request)
  }
}

function optional(rule: Rule): Rule {
  return (value, request) => (value === undefined || value === null ? [] : rule(value, request))
}

const checkedPlacing = checked<PlaceRequest>('place an order', {
  userId: textBy(newUserIdFaults),
  amount,
  description: textBy((text) => gatewayTextFaults(text, textBounds.description)),
  attach: optional(textBy((text) => gatewayTextFaults(text, textBounds.attach))),
  idempotencyKey: textLike(idempotencyKeyPattern, idempotencyKeyRule),
  appid: optional(textLike(appIdPattern, appIdRule)),
  actor: optional(actor),
})

/** Reads absent members as null. */
export function wholePlacing(given: PlaceRequest): Whole<PlaceRequest> {
  const { attach = null, appid = null, actor: by = null, ...request } = checkedPlacing(given)
  return { ...request, attach, appid, actor: by }
}

const checkedAdoption = checked<AdoptRequest>('adopt an order', {
  orderNo: textLike(orderNoPattern, orderNoRule),
  userId: textBy(newUserIdFaults),
  amount,
  description: optional(textBy((text) => gatewayTextFaults(text, textBounds.adoptedDescription))),
  createdAt: optional(time),
  expiresAt: optional(
    // Compared only with each other: an embedder's clock may be wrong by hours.
    both(time, (at, { createdAt }) =>
      createdAt instanceof Date && (at as Date) <= createdAt ? ['must be after createdAt'] : [],
    ),
  ),
  appid: optional(textLike(appIdPattern, appIdRule)),
  actor: optional(actor),
})

/** Reads absent members as null. */
export function wholeAdoption(
  given: AdoptRequest,
): Whole<AdoptRequest> & { readonly description: string } {
  const request = checkedAdoption(given)
  const { createdAt = null, expiresAt = null, appid = null, actor: by = null } = request
  return {
    ...request,
    ...{ createdAt, expiresAt, appid, actor: by },
    description: request.description ?? '',
  }
}

const checkedChanges = checked<CorrectRequest>('correct an order', {
  userId: optional(textBy(newUserIdFaults)),
  amount: optional(amount),
  expiresAt: optional(time),
  appid: optional(textLike(appIdPattern, appIdRule)),
  ...accounted,
})

/** A member that is absent or null stays. Exception: `expiresAt` null means "not known". */
export function checkedCorrection(given: CorrectRequest): CorrectRequest {
  const { userId, amount: sum, appid, expiresAt, reason, actor: by } = checkedChanges(given)
  const changes = {
    ...(userId != null && { userId }),
    ...(sum != null && { amount: sum }),
    ...(appid != null && { appid }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
  if (Object.keys(changes).length === 0) {
    throw new WrongRequest(
      'Cannot correct an order: it must hold one of userId, amount, expiresAt, appid',
    )
  }
  return { ...changes, reason, actor: by }
}

export const checkedAbandoning = checked<AbandonRequest>('give up an order', accounted)

export const checkedResolution = checked<ReviewRequest>('resolve a review', {
  action: (value) =>
    reviewActions.includes(value as ReviewAction)
      ? []
      : [`must be one of ${reviewActions.join(', ')}`],
  name: words('name'),
  reason: words('reason'),
  seen: textBy((text) => (readSeenMark(text) === null ? ["must be a preview's"] : [])),
  actor: optional(actor),
})

/** A key for a lookup must be a string. A string that cannot be a key only finds nothing. */
export function checkedKey(value: unknown, { name, attempt }: { name: string; attempt: string }) {
  checked(attempt, { [name]: textBy(() => []) })({ [name]: value })
}

/** The person that a check is made for. */
export function checkedActor(given: Actor | null | undefined): Actor | null {
  checked('check an order', { actor: optional(actor) })({ actor: given })
  return given ?? null
}

export const checkedCallback = checked<RawCallback>('read a callback', {
  headers: rawHeaders,
  body: (value) =>
    value instanceof Uint8Array
      ? []
      : ['must be the bytes as they came, in a Uint8Array, because the signature is over these'],
})

/** `dryRun` null or absent: a real run. */
export function checkedRun(given: RunWanted): Whole<RunWanted> {
  const { dryRun, actor: by = null } = checkedWanted(given)
  return { dryRun: dryRun ?? false, actor: by }
}

const checkedWanted = checked<RunWanted>('make a run', {
  dryRun: optional((value) => (typeof value === 'boolean' ? [] : ['must be true or false'])),
  actor: optional(actor),
})

/** Long enough to recognize the value. */
const shownMax = 60

function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date) return Number.isNaN(+value) ? 'an invalid Date' : value.toISOString()
  if (typeof value === 'string') {
    return JSON.stringify(value.length > shownMax ? `${value.slice(0, shownMax)}…` : value)
  }
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
