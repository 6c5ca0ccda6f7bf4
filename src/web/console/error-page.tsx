import type { FastifyReply, FastifyRequest } from 'fastify'
import { catalog } from '../../locale/locale.ts'
import { translate } from '../../locale/translate.ts'
import type { Refusal } from '../errors.ts'
import { type Frame, Page, sendPage } from './layout.tsx'

const errorWords = catalog({
  en: {
    titles: {
      403: 'Not done',
      404: 'Not found',
      503: 'Not now',
    } as Readonly<Record<number, string>>,
    title: 'That did not work',
    back: 'Back to the overview',
    formOld:
      'The form is out of date, and nothing was done. Go back, load the page again, and repeat it.',
  },
  zh: {
    titles: {
      403: '未执行',
      404: '找不到',
      503: '暂时不行',
    } as Readonly<Record<number, string>>,
    title: '操作没有成功',
    back: '回到总览',
    formOld: '表单已过期，操作没有执行。请返回并刷新页面后重试。',
  },
})

/** A refusal for people: what went wrong, and nothing of the inside. */
export function sendErrorPage(
  reply: FastifyReply,
  { frame, refusal }: { frame: Frame; refusal: Refusal },
): FastifyReply {
  const { locale } = frame.visitor
  const words = errorWords(locale)
  const title = words.titles[refusal.status] ?? words.title
  const message = refusal.code === formOldCode ? words.formOld : translate(refusal.message, locale)
  return sendPage(
    reply.code(refusal.status),
    <Page frame={frame} title={title} section="overview">
      <h1>{title}</h1>
      <p role="alert">{message}</p>
      <p>
        <a href="/">{words.back}</a>
      </p>
    </Page>,
  )
}

export const formOldCode = 'form_out_of_date'

/** A browser's page, and no program: those say nothing of HTML. */
export function wantsPage({ headers }: FastifyRequest): boolean {
  return /\btext\/html\b/.test(headers.accept ?? '')
}
