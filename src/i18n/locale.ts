/** A language of the console and the command line. English is also stored, logged and sent to programs. */
export type Locale = (typeof locales)[number]

export const locales = ['en', 'zh'] as const

/** The same texts in each language. A missing text is a type error. */
export function catalog<T>(texts: {
  readonly en: T
  readonly zh: NoInfer<T>
}): (locale: Locale) => T {
  return (locale) => texts[locale]
}

/** As gettext reads it: the first of these variables that is set decides. */
export function localeOfEnvironment(env: NodeJS.ProcessEnv): Locale {
  const { LANGUAGE, LC_ALL, LC_MESSAGES, LANG } = env
  const wanted = [LC_ALL, LC_MESSAGES, LANG].find((value) => value !== undefined && value !== '')
  // In the locale C there is no translation, whatever LANGUAGE is.
  if (wanted === undefined || /^(C|POSIX)\b/.test(wanted)) return 'en'
  // LANGUAGE is a list; the first supported language is taken.
  const tags = LANGUAGE?.split(':').filter((each) => each !== '') ?? []
  return (tags.length === 0 ? [wanted] : tags).map(localeOf).find((each) => each !== null) ?? 'en'
}

/** The supported language that a browser prefers, by its Accept-Language. */
export function localeOfHeader(header: string | undefined): Locale {
  const wanted = (header ?? '').split(',').map((part) => {
    const [tag = '', ...parameters] = part.trim().split(';')
    const quality = parameters.map((each) => /^\s*q=([\d.]+)\s*$/.exec(each)?.[1]).find(Boolean)
    return { locale: localeOf(tag.trim()), quality: quality === undefined ? 1 : Number(quality) }
  })
  const liked = wanted
    .filter(({ locale, quality }) => locale !== null && quality > 0)
    .sort((a, b) => b.quality - a.quality)
  return liked[0]?.locale ?? 'en'
}

/** `zh_CN.UTF-8`, `zh-Hant`, `en-GB` … */
function localeOf(tag: string): Locale | null {
  const language = tag.toLowerCase().split(/[-_.@]/)[0]
  return locales.find((each) => each === language) ?? null
}
