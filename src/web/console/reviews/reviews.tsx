import type { FastifyReply, FastifyRequest } from 'fastify'
import type { VNode } from 'preact'
import { z } from 'zod'
import { unreachable } from '../../../domain/assert.ts'
import type { Review } from '../../../domain/order.ts'
import { reviewActions } from '../../../domain/review-action.ts'
import type { Resolution, ReviewPreview } from '../../../orders/review.ts'
import { wordsFault, wordsMax } from '../../../text/operator-text.ts'
import { actorOf } from '../../access/actor.ts'
import { ofOrder } from '../../found-order.ts'
import type { WebApp } from '../../web-app.ts'
import { type Flash, sendFlash, takeFlash } from '../flash.ts'
import { type Faults, type Given, givenOf, parsedForm, readForm } from '../forms.ts'
import { sendPage } from '../layout.tsx'
import type { ConsoleParts } from '../page.ts'
import { reviewPath } from '../paths.ts'
import { localeOf, setCookie } from '../visitor.ts'
import { DoneNotice, FormNotice, RefusedNotice, TooLateNotice } from './news.tsx'
import { QueuePage } from './queue-page.tsx'
import { resolveForm } from './resolve-form.tsx'
import { ReviewPage } from './review-page.tsx'

/** Reviews per page; each takes some lines. */
const pageSize = 20

const queueQuery = z.object({
  show: z.enum(['dismissed'], { error: 'must be one of dismissed' }).optional(),
  cursor: z.string().optional(),
})

/** The review queue, and the operator's two steps; the input of both is kept. */
export function addReviews(app: WebApp, parts: ConsoleParts): void {
  const { budan } = parts

  app.get('/reviews', async (request, reply) => {
    const { show, cursor = null } = parsedForm(queueQuery, request.query)
    const dismissed = show === 'dismissed'
    const reviews = await budan.store.listReviews({ limit: pageSize, cursor, dismissed })
    return sendPage(reply, <QueuePage {...{ reviews, dismissed }} isFirst={cursor === null} />)
  })

  app.get('/reviews/:order_no', async (request, reply) => {
    const exchange = { request, reply, orderNo: orderNoOf(request) }
    const flash = takeFlash(request, reply)
    const given = keptForm(flash, exchange.orderNo)
    if (given === null) return show({ ...exchange, news: doneNews(flash, exchange.orderNo) }, parts)
    // A form that was sent after the end of the login is answered now, after the new login.
    return showPreview(
      { ...exchange, given, news: [<FormNotice key="kept" about="typedKept" />] },
      parts,
    )
  })

  app.post('/reviews/:order_no', async (request, reply) => {
    const orderNo = orderNoOf(request)
    const given = givenOf(request.body)
    const exchange = { request, reply, orderNo, given }
    if (given.step !== 'resolve') return showPreview(exchange, parts)
    const form = readForm(resolveForm(localeOf(request), budan.gateway.label), given)
    if (!form.ok) {
      reply.code(422)
      const isTyped = Object.keys(form.faults).some((name) => name !== 'seen')
      const news = isTyped ? [<FormNotice key="wrong" about="wrongForm" />] : []
      return showPreview({ ...exchange, faults: form.faults, news }, parts)
    }
    setCookie(exchange, { name: nameCookie, value: form.value.name, maxAgeS: yearS })
    const actor = actorOf(request)
    const resolution = await ofOrder(orderNo, () =>
      budan.resolveReview(orderNo, { ...form.value, actor }),
    )
    return showResolution(exchange, { parts, resolution })
  })
}

interface ReviewExchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly orderNo: string
  readonly given?: Given
  readonly faults?: Faults
  readonly news?: readonly VNode[]
}

/** The review as the database has it; the gateway is not queried. */
async function show(exchange: ReviewExchange, parts: ConsoleParts): Promise<FastifyReply> {
  const review = await ofOrder(exchange.orderNo, parts.budan.findReview)
  return send(exchange, { review, preview: null })
}

/** The first step: with the gateway's answer now. An order that has left review is shown without it. */
async function showPreview(exchange: ReviewExchange, parts: ConsoleParts): Promise<FastifyReply> {
  const { orderNo, given = {}, news = [], reply } = exchange
  const made = await ofOrder(orderNo, parts.budan.previewReview)
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
  const { orderNo, reply } = exchange
  const { kind } = resolution
  switch (kind) {
    case 'resolved':
      sendFlash(exchange, { kind: resolvedKind, order_no: orderNo, action: resolution.action })
      return reply.redirect(reviewPath(orderNo), 303)
    case 'refused': {
      const { cause, codedReason } = resolution
      reply.code(cause === 'unanswered' ? 502 : 409)
      const refused = <RefusedNotice key="refused" reason={codedReason} />
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
  { request, reply, given = {}, faults = {}, news = [] }: ReviewExchange,
  { review, preview }: { review: Review; preview: ReviewPreview | null },
): FastifyReply {
  const named = { name: rememberedName(request), ...given }
  return sendPage(reply, <ReviewPage {...{ review, preview, faults, news }} given={named} />)
}

function orderNoOf({ params }: FastifyRequest): string {
  return (params as { order_no: string }).order_no
}

/** The name of the last operator on this browser. */
const nameCookie = 'budan_operator'
const yearS = 365 * 86_400

function rememberedName({ cookies }: FastifyRequest): string {
  const name = cookies[nameCookie] ?? ''
  return wordsFault(name, wordsMax.name) === null ? name : ''
}

/** Input of this page that was kept when its login or its token had ended; null: there is none. */
function keptForm(flash: Flash | null, orderNo: string): Given | null {
  if (flash?.kind !== 'form') return null
  const given = z.record(z.string(), z.string()).safeParse(flash.given).data
  return given?.order_no === orderNo ? given : null
}

const resolvedKind = 'resolved'

const resolvedFlash = z.object({ order_no: z.string(), action: z.enum(reviewActions) })

function doneNews(flash: Flash | null, orderNo: string): readonly VNode[] {
  if (flash?.kind !== resolvedKind) return []
  const read = resolvedFlash.safeParse(flash).data
  return read?.order_no === orderNo ? [<DoneNotice key="done" action={read.action} />] : []
}
