import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal, type TokenCheck } from '../errors.ts'
import type { WebApp } from '../web-app.ts'
import { FailedLogins } from './failed-logins.ts'
import { sendFlash } from './flash.ts'
import { type Given, readForm } from './forms.ts'
import { type Frame, Page, sendPage } from './layout.tsx'
import { loginForm, loginWords } from './login-words.ts'
import { ActionForm, Field, Notice } from './parts.tsx'
import { type Sessions, sessionMs } from './session.ts'
import { cookieNames, ownPath, setCookie } from './visitor.ts'

export interface LoginParts {
  readonly sessions: Sessions
  readonly checkToken: TokenCheck
  frameOf(request: FastifyRequest, reply: FastifyReply): Frame
}

export function addLogin(app: WebApp, parts: LoginParts): void {
  const { sessions, frameOf } = parts
  const failedLogins = new FailedLogins()

  app.get('/login', async (request, reply) => {
    const next = ownPath((request.query as Record<string, unknown>).next)
    return sendLogin(reply, { frame: frameOf(request, reply), next })
  })

  app.post('/login', async (request, reply) => {
    const frame = frameOf(request, reply)
    const words = loginWords(frame.visitor.locale)
    const form = readForm(loginForm, request.body)
    const { next, kept } = form.given
    const refuse = (status: number, fault: string) =>
      sendLogin(reply.code(status), { frame, next: ownPath(next), kept, fault })
    const waitMs = failedLogins.waitMs(request.ip)
    if (waitMs > 0) {
      reply.header('retry-after', String(Math.ceil(waitMs / 1000)))
      return refuse(429, words.wait(Math.ceil(waitMs / 1000)))
    }
    if (!(form.ok && (await isToken(parts.checkToken, { token: form.value.token, reply })))) {
      failedLogins.note(request.ip)
      return refuse(401, words.wrong)
    }
    failedLogins.forget(request.ip)
    const value = sessions.open()
    setCookie({ request, reply }, { name: cookieNames.session, value, maxAgeS: sessionMs / 1000 })
    const lost = fieldsOf(kept)
    if (lost !== null) sendFlash({ request, reply }, { kind: 'form', given: lost })
    return reply.redirect(ownPath(next), 303)
  })

  app.post('/logout', async (request, reply) => {
    const session = sessions.read(request.cookies[cookieNames.session])
    if (session !== null) sessions.end(session)
    reply.clearCookie(cookieNames.session, { path: '/' })
    return reply.redirect('/login', 303)
  })
}

/** The same comparison as for programs, so that there is one. */
async function isToken(
  checkToken: TokenCheck,
  { token, reply }: { token: string; reply: FastifyReply },
): Promise<boolean> {
  const bytes = Buffer.from(token, 'utf8').toString('latin1')
  const request = { headers: { authorization: `Bearer ${bytes}` } } as FastifyRequest
  try {
    await checkToken(request, reply)
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

export interface LoginProps {
  readonly frame: Frame
  /** Where to go afterwards. */
  readonly next: string
  /** Fields of a form that came after the login had ended, to be given back after the next one. */
  readonly kept?: string | undefined
  readonly fault?: string | undefined
}

/** In the place of the page that was asked for, which is come back to. */
export function sendLogin(reply: FastifyReply, { frame, next, kept, fault }: LoginProps) {
  const words = loginWords(frame.visitor.locale)
  return sendPage(
    reply,
    <Page frame={frame} title={words.title} section={null}>
      <article class="login">
        <h1>{words.title}</h1>
        {kept !== undefined && kept !== '' && <Notice tone="warn">{words.ended}</Notice>}
        <ActionForm action="/login" frame={frame}>
          <input type="hidden" name="next" value={next} />
          {kept !== undefined && <input type="hidden" name="kept" value={kept} />}
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

/** What a form held, without what belongs to its sending. */
export function keptFields(body: unknown): string | undefined {
  const fields = fieldsOf(JSON.stringify(body ?? null))
  return fields === null || Object.keys(fields).length === 0 ? undefined : JSON.stringify(fields)
}

function fieldsOf(kept: string | undefined): Given | null {
  try {
    const { _csrf, ...fields } = JSON.parse(kept ?? 'null') as Record<string, string>
    return fields
  } catch {
    return null
  }
}
