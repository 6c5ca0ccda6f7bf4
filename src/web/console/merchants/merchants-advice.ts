import type { Locale } from '../../../i18n/locale.ts'
import { translate } from '../../../i18n/translate.ts'

/** The table of merchants has all of them. */
const namesMax = 5

interface Stopped {
  readonly merchants: readonly string[]
  /** The first one's. */
  readonly detail: string
}

/** What the overview says of merchants whose queries fail. */
export const merchantsStopped = {
  en: ({ merchants, detail }: Stopped) => ({
    what: `Queries of ${namesText(merchants, 'en')} get no usable answer; ${merchants[0]}: ${detail}. Their lost callbacks are not made up for; no other merchant is held up.`,
    todo: '“budan doctor” checks keys, number and network of each merchant. Orders are queried again, and none is given up.',
  }),
  zh: ({ merchants, detail }: Stopped) => ({
    what: `商户 ${namesText(merchants, 'zh')} 的查询得不到有效结果；${merchants[0]}：${translate(detail, 'zh')}。其丢失的回调暂时无法找回，其他商户不受影响。`,
    todo: '用 budan doctor 逐个商户检查密钥、商户号和网络。订单会继续查询，不会放弃。',
  }),
}

/** Nothing where there is one merchant. */
export function ofMerchants(merchants: readonly string[], locale: Locale): string {
  if (merchants.length === 0) return ''
  const names = namesText(merchants, locale)
  return locale === 'zh' ? `（商户 ${names}）` : ` (${names})`
}

function namesText(merchants: readonly string[], locale: Locale): string {
  const shown = merchants.slice(0, namesMax).join(locale === 'zh' ? '、' : ', ')
  const more = merchants.length - namesMax
  if (more <= 0) return shown
  return locale === 'zh' ? `${shown} 等 ${merchants.length} 个` : `${shown} and ${more} more`
}
