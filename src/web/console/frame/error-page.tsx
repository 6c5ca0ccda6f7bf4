import type { FastifyReply, FastifyRequest } from 'fastify'
import { catalog, type Locale } from '../../../i18n/locale.ts'
import { translate } from '../../../i18n/translate.ts'
import type { Refusal } from '../../errors.ts'
import { localeOf, pathOf } from '../visitor.ts'
import { Page, sendPage } from './layout.tsx'
import { useFrame } from './rendering.ts'

const errorWords = catalog({
  en: {
    titles: {
      403: 'Not done',
      404: 'Not found',
      503: 'Not available right now',
    } as Readonly<Record<number, string>>,
    title: 'The request failed',
    back: 'Back to the overview',
    formOld: 'The form is out of date, and nothing was done. Send it again: your input is kept.',
    databaseAway:
      'The database does not answer, so this page is not available. Nothing was changed: try again in a moment.',
    loginOver: 'Your login has ended. Reload the page to log in.',
    toForm: 'Back to the form',
  },
  zh: {
    titles: {
      403: '未执行',
      404: '找不到',
      503: '暂时不可用',
    } as Readonly<Record<number, string>>,
    title: '操作没有成功',
    back: '回到总览',
    formOld: '表单已过期，操作没有执行。请重新提交，所填内容已保留。',
    databaseAway: '数据库没有应答，无法显示本页。没有做任何改动：请稍后再试。',
    loginOver: '登录已失效，请刷新页面后重新登录。',
    toForm: '返回表单',
  },
})

/** A refusal for people: what went wrong, without internals. `isKept`: the input was kept. */
export function sendErrorPage(
  reply: FastifyReply,
  { refusal, isKept }: { refusal: Refusal; isKept: boolean },
): FastifyReply {
  const locale = localeOf(reply.request)
  const words = errorWords(locale)
  const title = words.titles[refusal.status] ?? words.title
  return sendPage(
    reply.code(refusal.status),
    <Page title={title} section={null}>
      <h1>{title}</h1>
      <p role="alert">{errorText(refusal, locale)}</p>
      <p>
        {isKept && <a href={pathOf(reply.request)}>{words.toForm}</a>} <Back />
      </p>
    </Page>,
  )
}

function Back() {
  const { may, visitor } = useFrame()
  return may('GET', '/') ? <a href="/">{errorWords(visitor.locale).back}</a> : null
}

export const formOldCode = 'form_out_of_date'
export const loginOverCode = 'login_over'
export const pageAwayCode = 'page_away'

/** What went wrong, in the reader's language. */
export function errorText({ code, message }: Refusal, locale: Locale): string {
  const words = errorWords(locale)
  if (code === formOldCode) return words.formOld
  if (code === pageAwayCode) return words.databaseAway
  return code === loginOverCode ? words.loginOver : translate(message, locale)
}

/** Sent by htmx: for a part of a page, unless `wantsPage` is true as well. */
export function isByHtmx({ headers }: FastifyRequest): boolean {
  return headers['hx-request'] === 'true'
}

/** Sent by a browser that wants a page: programs do not accept HTML. */
export function wantsPage({ headers }: FastifyRequest): boolean {
  return /\btext\/html\b/.test(headers.accept ?? '')
}
