import type { FastifyReply } from 'fastify'
import type { Access } from '../../access/access.ts'
import { addressOf } from '../../access/address.ts'
import type { WebApp } from '../../web-app.ts'
import { givenOf, readForm } from '../frame/forms.ts'
import { Page, sendPage } from '../frame/layout.tsx'
import { ActionForm, Field, Notice } from '../frame/parts.tsx'
import { cookieNames, localeOf, ownPath, setCookie } from '../visitor.ts'
import { loginForm, loginWords } from './login-words.ts'
import type { Sessions } from './session.ts'

export interface LoginParts {
  readonly sessions: Sessions
  readonly access: Access
}

export const loginPath = '/login'
export const logoutPath = '/logout'

export function addLogin(app: WebApp, { sessions, access }: LoginParts): void {
  app.get(loginPath, async (request, reply) => {
    const next = ownPath((request.query as Record<string, unknown>).next)
    if ((await sessions.find(request.cookies[cookieNames.session])) !== null) {
      return reply.redirect(next, 303)
    }
    return sendLogin(reply, { next })
  })

  app.post(loginPath, async (request, reply) => {
    const { wrong, expired } = loginWords(localeOf(request))
    const form = readForm(loginForm, request.body)
    const next = ownPath(form.given.next)
    const caller = form.ok ? access.tokens.find(Buffer.from(form.value.token)) : null
    if (caller === 'expired') return sendLogin(reply.code(401), { next, fault: expired })
    if (caller === null) {
      await access.refuse(request, reply, 'console')
      return reply.sent ? reply : sendLogin(reply.code(401), { next, fault: wrong })
    }
    const value = await sessions.open(caller.name, addressOf(request))
    access.accept(request, caller.name)
    setCookie({ request, reply }, { name: cookieNames.session, value, maxAgeS: sessions.lifeS })
    return reply.redirect(next, 303)
  })

  app.post(logoutPath, async (request, reply) => {
    const name = await sessions.end(request.cookies[cookieNames.session])
    if (name !== null) access.loggedOut(request, name)
    reply.clearCookie(cookieNames.session, { path: '/' })
    reply.clearCookie(cookieNames.flash, { path: '/' })
    return reply.redirect(loginPath, 303)
  })
}

/** For a login form that is out of date: its token is not kept anywhere, so it has to be entered again. */
export function sendLoginAgain(reply: FastifyReply): FastifyReply {
  const next = ownPath(givenOf(reply.request.body).next)
  const fault = loginWords(localeOf(reply.request)).old
  return sendLogin(reply.code(403), { next, fault })
}

export interface LoginProps {
  /** Where to go afterwards. */
  readonly next: string
  /** A form was sent after the login had ended: was its input kept? */
  readonly late?: 'kept' | 'lost' | null
  readonly fault?: string
}

/** Shown instead of the requested page; the login then returns to that page. */
export function sendLogin(reply: FastifyReply, { next, late = null, fault }: LoginProps) {
  const words = loginWords(localeOf(reply.request))
  return sendPage(
    reply,
    <Page title={words.title} section={null} hasMenu={false}>
      <article class="login">
        <h1>{words.title}</h1>
        {late !== null && <Notice tone="warn">{words.ended[late]}</Notice>}
        <ActionForm action={loginPath}>
          <input type="hidden" name="next" value={next} />
          <Field
            name="token"
            type="password"
            label={words.token}
            fault={fault}
            hint={words.hint}
            required
            autoComplete="current-password"
          />
          <button type="submit">{words.logIn}</button>
        </ActionForm>
      </article>
    </Page>,
  )
}
