import type { FastifyReply, FastifyRequest } from 'fastify'
import type { VNode } from 'preact'
import { z } from 'zod'
import { unreachable } from '../../../domain/assert.ts'
import { type Exception, exceptionKinds } from '../../../domain/review/exception.ts'
import type { ClosedException } from '../../../exceptions/close.ts'
import { actorOf, ownNameOf } from '../../access/actor.ts'
import { notFound } from '../../errors.ts'
import type { WebApp } from '../../web-app.ts'
import { type Flash, keptIn, sendFlash, takeFlash } from '../frame/flash.ts'
import { type Faults, type Given, givenOf, parsedForm, readForm } from '../frame/forms.ts'
import { sendPage } from '../frame/layout.tsx'
import type { ConsoleParts } from '../frame/page.ts'
import { Notice, type Tone } from '../frame/parts.tsx'
import { whichIn } from '../merchants/named-order.tsx'
import { exceptionPath } from '../paths.ts'
import { signature } from '../reviews/resolve-form.tsx'
import { rememberedName, rememberName } from '../reviews/reviews.tsx'
import { reviewWords } from '../reviews/words.ts'
import { type Exchange, localeOf } from '../visitor.ts'
import { ExceptionPage } from './exception-page.tsx'
import { ExceptionsPage } from './exceptions-page.tsx'
import { exceptionWords } from './words.ts'

const pageSize = 20

const states = ['open', 'closed', 'all'] as const

const listQuery = z.object({
  state: z.enum(states, { error: `must be one of ${states.join(', ')}` }).default('open'),
  // The form sends an empty one for all.
  kind: z
    .enum(['', ...exceptionKinds], { error: `must be one of ${exceptionKinds.join(', ')}` })
    .optional(),
  cursor: z.string().optional(),
})

/** Where money and books differ: the list, and closing one of them. */
export function addExceptions(app: WebApp, parts: ConsoleParts): void {
  const { budan } = parts

  app.get('/exceptions', { config: { scope: 'orders:read' } }, async (request, reply) => {
    const { state, kind: given = '', cursor = null } = parsedForm(listQuery, request.query)
    const kind = given === '' ? undefined : given
    const merchant = whichIn(request).merchant ?? undefined
    const exceptions = await budan.listExceptions({
      ...{ kind, merchant, cursor, limit: pageSize },
      state: state === 'all' ? null : state,
    })
    const shown = { state, kind, merchant }
    return sendPage(reply, <ExceptionsPage {...{ exceptions, shown }} isFirst={cursor === null} />)
  })

  app.get('/exceptions/:id', { config: { scope: 'orders:read' } }, async (request, reply) => {
    const exception = await exceptionOf(request, parts)
    const flash = takeFlash(request, reply)
    const given = keptForm(flash, exception)
    const about = given !== null ? 'typedKept' : isDone(flash, exception) ? 'done' : null
    const news = about === null ? [] : [notice(request, about)]
    return show({ request, reply }, { exception, news, given: given ?? {} })
  })

  app.post('/exceptions/:id', { config: { scope: 'reviews:write' } }, async (request, reply) => {
    const exception = await exceptionOf(request, parts)
    const exchange = { request, reply }
    const ownName = ownNameOf(request)
    const given = givenOf(request.body)
    const words = reviewWords(localeOf(request), budan.gateway.label)
    const form = readForm(z.object(signature(ownName, words)), given)
    if (!form.ok) {
      reply.code(422)
      const news = [notice(request, 'wrongForm')]
      return show(exchange, { exception, news, given, faults: form.faults })
    }
    if (ownName === null) rememberName(exchange, form.value.name)
    const wanted = { ...form.value, actor: actorOf(request) }
    const closed = await budan.closeException(exception.id, wanted)
    parts.latestExceptions.forget()
    return showClosed(exchange, closed ?? { kind: 'closed', exception })
  })
}

async function exceptionOf(
  { params }: FastifyRequest,
  { budan }: ConsoleParts,
): Promise<Exception> {
  const { id } = params as { id: string }
  const exception = await budan.findException(id)
  if (exception === null) throw notFound('exception', id)
  return exception
}

interface Showing {
  readonly exception: Exception
  readonly news: readonly VNode[]
  readonly given?: Given
  readonly faults?: Faults
}

function show(
  { request, reply }: Exchange,
  { exception, news, given = {}, faults = {} }: Showing,
): FastifyReply {
  const named = { name: rememberedName(request), ...given }
  return sendPage(reply, <ExceptionPage {...{ exception, news, faults }} given={named} />)
}

function showClosed(exchange: Exchange, closed: ClosedException): FastifyReply {
  const { request, reply } = exchange
  const { exception } = closed
  switch (closed.kind) {
    case 'closed':
      sendFlash(exchange, { kind: doneKind, id: exception.id })
      return reply.redirect(exceptionPath(exception.id), 303)
    case 'already_closed':
    case 'use_review': {
      reply.code(409)
      const about = closed.kind === 'use_review' ? 'useReview' : 'tooLate'
      return show(exchange, { exception, news: [notice(request, about)] })
    }
    default:
      return unreachable(closed)
  }
}

const tones = {
  done: 'good',
  typedKept: 'warn',
  wrongForm: 'bad',
  tooLate: 'bad',
  useReview: 'bad',
} satisfies Record<string, Tone>

function notice(request: FastifyRequest, about: keyof typeof tones): VNode {
  return (
    <Notice key={about} tone={tones[about]}>
      {exceptionWords(localeOf(request))[about]}
    </Notice>
  )
}

const doneKind = 'exception_closed'

function isDone(flash: Flash | null, { id }: Exception): boolean {
  return flash?.kind === doneKind && flash.id === id
}

/** Input of this page that was kept when its login or its token had ended; null: there is none. */
function keptForm(flash: Flash | null, { id }: Exception): Given | null {
  const given = keptIn(flash)
  return given?.id === id ? given : null
}
