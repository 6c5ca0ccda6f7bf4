import type { FastifyReply } from 'fastify'
import { type Locale, locales } from '../../../i18n/locale.ts'
import { ownPath } from '../visitor.ts'
import { languageTags } from '../words.ts'
import { Page, sendPage } from './layout.tsx'
import { gatewayCatalog, useFrame } from './rendering.ts'

const awayWords = gatewayCatalog({
  en: (gateway) => ({
    title: 'The database is away',
    what: 'The database does not answer, so this page is not available. Nothing was changed.',
    next: `Check that the database runs; the log has the cause. Callbacks are refused meanwhile, and ${gateway} sends them again. This page reloads by itself.`,
  }),
  zh: (gateway) => ({
    title: '数据库不可用',
    what: '数据库没有应答，无法显示本页。没有做任何改动。',
    next: `请确认数据库正在运行；无法连接的原因见日志。期间收到的回调会被拒绝，${gateway}会重新发送。本页会自动刷新。`,
  }),
})

/** The page is back soon after the database, and adds little load until then. */
const refreshS = 10

/** Replaces every page while the database is away. It shows nothing of the ledger. */
export function sendAwayPage(reply: FastifyReply): FastifyReply {
  return sendPage(reply.code(503).header('retry-after', String(refreshS)), <AwayPage />)
}

function AwayPage() {
  const { locale, path } = useFrame().visitor
  const others = locales.filter((each) => each !== locale)
  return (
    <Page
      title={awayWords(locale).title}
      section={null}
      hasMenu={false}
      refresh={{ afterS: refreshS, path: ownPath(path) }}
    >
      {[locale, ...others].map((each, at) => (
        <Away key={each} locale={each} isFirst={at === 0} />
      ))}
    </Page>
  )
}

function Away({ locale, isFirst }: { locale: Locale; isFirst: boolean }) {
  const words = awayWords(locale)
  return (
    <section lang={languageTags[locale]}>
      {isFirst ? <h1>{words.title}</h1> : <h2>{words.title}</h2>}
      <p {...(isFirst && { role: 'alert' as const })}>{words.what}</p>
      <p>{words.next}</p>
    </section>
  )
}
