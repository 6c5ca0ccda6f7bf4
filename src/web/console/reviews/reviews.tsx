import type { FastifyReply, FastifyRequest } from 'fastify'
import type { VNode } from 'preact'
import { z } from 'zod'
import { unreachable } from '../../../domain/assert.ts'
import type { Review } from '../../../domain/order.ts'
import { reviewActions } from '../../../domain/review/review-action.ts'
import type { Resolution, ReviewPreview } from '../../../orders/review.ts'
import { wordsFault, wordsMax } from '../../../text/operator-text.ts'
import { actorOf, ownNameOf } from '../../access/actor.ts'
import { ofOrder } from '../../found-order.ts'
import type { WebApp } from '../../web-app.ts'
import { type Flash, keptIn, sendFlash, takeFlash } from '../frame/flash.ts'
import { type Faults, type Given, givenOf, parsedForm, readForm } from '../frame/forms.ts'
import { sendPage } from '../frame/layout.tsx'
import type { ConsoleParts } from '../frame/page.ts'
import { merchantOfList, orderOrChoice, whichIn } from '../merchants/named-order.tsx'
import { type OrderAddress, reviewPath } from '../paths.ts'
import { type Exchange, localeOf, setCookie } from '../visitor.ts'
import { DoneNotice, FormNotice, RefusedNotice, TooLateNotice } from './news.tsx'
import { QueuePage } from './queue-page.tsx'
import { resolveForm } from './resolve-form.tsx'
import { ReviewPage } from './review-page.tsx'
import { reviewWords } from './words.ts'

/** Reviews per page; each takes some lines. */
const pageSize = 20

const queueQuery = z.object({
  show: z.enum(['dismissed'], { error: 'must be one of dismissed' }).optional(),
  cursor: z.string().optional(),
})

/** The review queue, and the operator's two steps; the input of both is kept. */
export function addReviews(app: WebApp, parts: ConsoleParts): void {
  const { budan } = parts

  app.get('/reviews', { config: { scope: 'orders:read' } }, async (request, reply) => {
    const { show, cursor = null } = parsedForm(queueQuery, request.query)
    const dismissed = show === 'dismissed'
    const merchant = merchantOfList(request, budan)
    const reviews = await budan.store.listReviews({ limit: pageSize, cursor, dismissed, merchant })
    const chosen = whichIn(request).merchant ?? undefined
    const page = { reviews, dismissed, chosen, isFirst: cursor === null }
    return sendPage(reply, <QueuePage {...page} />)
  })

  app.get('/reviews/:order_no', { config: { scope: 'orders:read' } }, async (request, reply) => {
    const found = await orderOrChoice({ request, reply }, { budan, section: 'reviews' })
    if (found === null) return reply
    const { address } = found
    const exchange = { request, reply, address }
    const flash = takeFlash(request, reply)
    const given = keptForm(flash, address)
    if (given === null) return show({ ...exchange, news: doneNews(flash, address) }, parts)
    // A form that was sent after the end of the login is answered now, after the new login.
    return showPreview(
      { ...exchange, given, news: [<FormNotice key="kept" about="typedKept" />] },
      parts,
    )
  })

  app.post('/reviews/:order_no', { config: { scope: 'reviews:write' } }, async (request, reply) => {
    const found = await orderOrChoice({ request, reply }, { budan, section: 'reviews' })
    if (found === null) return reply
    const { address } = found
    const given = givenOf(request.body)
    const exchange = { request, reply, address, given }
    if (given.step !== 'resolve') return showPreview(exchange, parts)
    const ownName = ownNameOf(request)
    const { label } = budan.gateway
    const form = readForm(resolveForm(localeOf(request), { label, ownName }), given)
    if (!form.ok) return showFaults(exchange, { parts, faults: form.faults })
    const { token, ...typed } = form.value
    if (ownName === null) rememberName(exchange, typed.name)
    // Only a credit moves money.
    const fault = typed.action === 'credit' ? await parts.tokenAgain(exchange, token) : null
    if (reply.sent) return reply
    if (fault !== null) {
      const faults = { token: reviewWords(localeOf(request), label).tokenFaults[fault] }
      return showFaults(exchange, { parts, faults })
    }
    const { orderNo, merchant } = address
    const resolution = await ofOrder(orderNo, () =>
      budan.resolveReview(orderNo, { ...typed, actor: actorOf(request), merchant }),
    )
    return showResolution(exchange, { parts, resolution })
  })
}

/** The form again, with what is wrong. Nothing was done. */
function showFaults(
  exchange: ReviewExchange,
  { parts, faults }: { readonly parts: ConsoleParts; readonly faults: Faults },
): Promise<FastifyReply> {
  exchange.reply.code(422)
  const isTyped = Object.keys(faults).some((name) => name !== 'seen')
  const news = isTyped ? [<FormNotice key="wrong" about="wrongForm" />] : []
  return showPreview({ ...exchange, faults, news }, parts)
}

interface ReviewExchange extends Exchange {
  readonly address: OrderAddress
  readonly given?: Given
  readonly faults?: Faults
  readonly news?: readonly VNode[]
}

/** The review as the database has it; the gateway is not queried. */
async function show(exchange: ReviewExchange, parts: ConsoleParts): Promise<FastifyReply> {
  const { orderNo, merchant } = exchange.address
  const review = await ofOrder(orderNo, () => parts.budan.findReview(orderNo, { merchant }))
  return send(exchange, { review, preview: null })
}

/** The first step: with the gateway's answer now. An order that has left review is shown without it. */
async function showPreview(exchange: ReviewExchange, parts: ConsoleParts): Promise<FastifyReply> {
  const { address, given = {}, news = [], reply } = exchange
  const { orderNo, merchant } = address
  const made = await ofOrder(orderNo, () => parts.budan.previewReview(orderNo, { merchant }))
  if (made.kind !== 'previewed') {
    const tooLate = <TooLateNotice key="late" first={made.first} isOver />
    reply.code(409)
    return show({ ...exchange, news: given.step === 'resolve' ? [tooLate] : [] }, parts)
  }
  const { preview } = made
  const page = { review: preview.review, preview }
  if (given.step !== 'resolve' || given.seen === preview.seen) return send(exchange, page)
  // The action was chosen by facts that have changed.
  const { action: _, ...kept } = given
  return send(
    { ...exchange, given: kept, news: [...news, <FormNotice key="moved" about="moved" />] },
    page,
  )
}

/** The result of the second step: on a page of its own if it was applied, else beside the input. */
async function showResolution(
  exchange: ReviewExchange,
  { parts, resolution }: { parts: ConsoleParts; resolution: Resolution },
): Promise<FastifyReply> {
  const { address, reply } = exchange
  const { kind } = resolution
  switch (kind) {
    case 'resolved':
      sendFlash(exchange, { kind: resolvedKind, ...address, action: resolution.action })
      return reply.redirect(reviewPath(address), 303)
    case 'refused': {
      const { cause, codedReason } = resolution
      reply.code(cause === 'unanswered' ? 502 : 409)
      const refused = <RefusedNotice key="refused" reason={codedReason} />
      return show({ ...exchange, news: [refused] }, parts)
    }
    case 'needs_second':
      sendFlash(exchange, { kind: needsSecondKind, ...address })
      return reply.redirect(reviewPath(address), 303)
    case 'same_person':
    case 'no_own_name': {
      const { codedReason } = resolution
      reply.code(kind === 'same_person' ? 409 : 403)
      const refused = <RefusedNotice key="refused" reason={codedReason} isFinal />
      return show({ ...exchange, news: [refused] }, parts)
    }
    case 'changed':
    case 'not_in_review': {
      const isOver = kind === 'not_in_review'
      const tooLate = <TooLateNotice key="late" first={resolution.first} isOver={isOver} />
      reply.code(409)
      return show({ ...exchange, news: [tooLate] }, parts)
    }
    default:
      return unreachable(resolution)
  }
}

function send(
  { request, reply, address, given = {}, faults = {}, news = [] }: ReviewExchange,
  { review, preview }: { review: Review; preview: ReviewPreview | null },
): FastifyReply {
  const named = { name: rememberedName(request), ...given }
  return sendPage(
    reply,
    <ReviewPage {...{ address, review, preview, faults, news }} given={named} />,
  )
}

const nameCookie = 'budan_operator'
const yearS = 365 * 86_400

/** For the next form on this browser. */
export function rememberName(exchange: Exchange, name: string): void {
  setCookie(exchange, { name: nameCookie, value: name, maxAgeS: yearS })
}

export function rememberedName({ cookies }: FastifyRequest): string {
  const name = cookies[nameCookie] ?? ''
  return wordsFault(name, wordsMax.name) === null ? name : ''
}

/** Input of this page that was kept when its login or its token had ended; null: there is none. */
function keptForm(flash: Flash | null, { orderNo, merchant }: OrderAddress): Given | null {
  const given = keptIn(flash)
  const isOfOrder = given?.order_no === orderNo && (given.merchant ?? null) === merchant
  return isOfOrder ? given : null
}

const resolvedKind = 'resolved'
const needsSecondKind = 'needs_second'

const resolvedFlash = z.object({
  orderNo: z.string(),
  merchant: z.string().nullable(),
  action: z.enum(reviewActions),
})

function doneNews(flash: Flash | null, { orderNo, merchant }: OrderAddress): readonly VNode[] {
  if (flash?.kind === needsSecondKind) return [<FormNotice key="second" about="needsSecond" />]
  if (flash?.kind !== resolvedKind) return []
  const read = resolvedFlash.safeParse(flash).data
  if (read?.orderNo !== orderNo || read.merchant !== merchant) return []
  return [<DoneNotice key="done" action={read.action} />]
}
