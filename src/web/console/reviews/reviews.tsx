import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { unreachable } from '../../../domain/assert.ts'
import type { Review } from '../../../domain/order.ts'
import { reviewActions } from '../../../domain/review-action.ts'
import type { Resolution, ReviewPreview } from '../../../orders/review.ts'
import { wordsFault, wordsMax } from '../../../text/operator-text.ts'
import { actorOf } from '../../access/actor.ts'
import { Refusal } from '../../errors.ts'
import { ofOrder } from '../../found-order.ts'
import type { WebApp } from '../../web-app.ts'
import { type Flash, sendFlash, takeFlash } from '../flash.ts'
import { type Faults, type Given, givenOf, readForm } from '../forms.ts'
import { sendPage } from '../layout.tsx'
import type { ConsoleParts } from '../page.ts'
import { reviewPath } from '../paths.ts'
import { setCookie } from '../visitor.ts'
import type { News } from './news.tsx'
import { QueuePage } from './queue-page.tsx'
import { resolveForm } from './resolve-form.tsx'
import { ReviewPage } from './review-page.tsx'

/** Reviews a page; each takes some lines. */
const pageSize = 20

const queueQuery = z.object({
  show: z.enum(['dismissed'], { error: 'must be one of dismissed' }).optional(),
  cursor: z.string().optional(),
})

/** Orders that wait for a person; an operator's two steps, with the words of both kept. */
export function addReviews(app: WebApp, parts: ConsoleParts): void {
  const { budan, frameOf } = parts

  app.get('/reviews', async (request, reply) => {
    const query = readForm(queueQuery, request.query)
    if (!query.ok) {
      const message = `show: ${query.faults.show}, not ${JSON.stringify(query.given.show?.slice(0, 60))}`
      throw new Refusal(400, { code: 'request_invalid', message })
    }
    const { show, cursor = null } = query.value
    const dismissed = show === 'dismissed'
    const reviews = await budan.store.listReviews({ limit: pageSize, cursor, dismissed })
    const frame = frameOf(request, reply)
    const isFirst = cursor === null
    return sendPage(reply, <QueuePage {...{ frame, reviews, dismissed, isFirst }} />)
  })

  app.get('/reviews/:order_no', async (request, reply) => {
    const exchange = { request, reply, orderNo: orderNoOf(request) }
    const flash = takeFlash(request, reply)
    const given = keptForm(flash, exchange.orderNo)
    if (given === null)
      return show({ ...exchange, news: resolvedNews(flash, exchange.orderNo) }, parts)
    // A form that came too late is answered now: somebody has asked for it, and then logged in again.
    return showPreview({ ...exchange, given, news: [{ kind: 'kept' }] }, parts)
  })

  app.post('/reviews/:order_no', async (request, reply) => {
    const orderNo = orderNoOf(request)
    const given = givenOf(request.body)
    const asked = { request, reply, orderNo, given }
    if (given.step !== 'resolve') return showPreview(asked, parts)
    const { locale } = frameOf(request, reply).visitor
    const form = readForm(resolveForm(locale), given)
    if (!form.ok) {
      reply.code(422)
      const isTyped = Object.keys(form.faults).some((name) => name !== 'seen')
      const news: readonly News[] = isTyped ? [{ kind: 'faulty' }] : []
      return showPreview({ ...asked, faults: form.faults, news }, parts)
    }
    setCookie(asked, { name: nameCookie, value: form.value.name, maxAgeS: yearS })
    const actor = actorOf(request)
    const resolution = await ofOrder(orderNo, () =>
      budan.resolveReview(orderNo, { ...form.value, actor }),
    )
    return showResolution(asked, { parts, resolution })
  })
}

interface Asked {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly orderNo: string
  readonly given?: Given
  readonly faults?: Faults
  readonly news?: readonly News[]
}

/** The review as the database has it; the gateway is not asked. */
async function show(asked: Asked, parts: ConsoleParts): Promise<FastifyReply> {
  const review = await ofOrder(asked.orderNo, parts.budan.store.findReview)
  return send(asked, { parts, review, preview: null })
}

/** The first step: with what the gateway says now. An order that has left review is shown without. */
async function showPreview(asked: Asked, parts: ConsoleParts): Promise<FastifyReply> {
  const { orderNo, given = {}, news = [], reply } = asked
  const made = await ofOrder(orderNo, parts.budan.previewReview)
  if (made.kind !== 'previewed') {
    const tooLate: News = { kind: 'obstructed', first: made.first, isOver: true }
    reply.code(409)
    return show({ ...asked, news: given.step === 'resolve' ? [tooLate] : [] }, parts)
  }
  const { preview } = made
  const page = { parts, review: preview.review, preview }
  if (given.step !== 'resolve' || given.seen === preview.seen) return send(asked, page)
  // What was chosen was chosen by other facts.
  const { action: _, ...kept } = given
  return send({ ...asked, given: kept, news: [...news, { kind: 'moved' }] }, page)
}

/** The second step's end: on a page of its own if it was done, else beside what was typed. */
async function showResolution(
  asked: Asked,
  { parts, resolution }: { parts: ConsoleParts; resolution: Resolution },
): Promise<FastifyReply> {
  const { orderNo, reply } = asked
  const { kind } = resolution
  switch (kind) {
    case 'resolved':
      sendFlash(asked, { kind: resolvedKind, order_no: orderNo, action: resolution.action })
      return reply.redirect(reviewPath(orderNo), 303)
    case 'refused': {
      const { cause, codedReason } = resolution
      reply.code(cause === 'unanswered' ? 502 : 409)
      return show({ ...asked, news: [{ kind, reason: codedReason }] }, parts)
    }
    case 'changed':
    case 'not_in_review': {
      const isOver = kind === 'not_in_review'
      reply.code(409)
      return show(
        { ...asked, news: [{ kind: 'obstructed', first: resolution.first, isOver }] },
        parts,
      )
    }
    default:
      return unreachable(resolution)
  }
}

function send(
  { request, reply, given = {}, faults = {}, news = [] }: Asked,
  page: { parts: ConsoleParts; review: Review; preview: ReviewPreview | null },
): FastifyReply {
  const { parts, review, preview } = page
  const named = { name: rememberedName(request), ...given }
  const frame = parts.frameOf(request, reply)
  return sendPage(reply, <ReviewPage {...{ frame, review, preview, faults, news }} given={named} />)
}

function orderNoOf({ params }: FastifyRequest): string {
  return (params as { order_no: string }).order_no
}

/** Of whoever answered for the last review on this browser. */
const nameCookie = 'budan_operator'
const yearS = 365 * 86_400

function rememberedName({ cookies }: FastifyRequest): string {
  const name = cookies[nameCookie] ?? ''
  return wordsFault(name, wordsMax.name) === null ? name : ''
}

/** What was typed into this page before its login or its token ended; null: nothing. */
function keptForm(flash: Flash | null, orderNo: string): Given | null {
  if (flash?.kind !== 'form') return null
  const given = z.record(z.string(), z.string()).safeParse(flash.given).data
  return given?.order_no === orderNo ? given : null
}

const resolvedKind = 'resolved'

const resolvedFlash = z.object({ order_no: z.string(), action: z.enum(reviewActions) })

function resolvedNews(flash: Flash | null, orderNo: string): readonly News[] {
  if (flash?.kind !== resolvedKind) return []
  const read = resolvedFlash.safeParse(flash).data
  return read?.order_no === orderNo ? [{ kind: 'resolved', action: read.action }] : []
}
