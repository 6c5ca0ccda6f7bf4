import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { OpenCount } from '../../../domain/review/exception.ts'
import type { GatewayLabel } from '../../../gateway/gateway.ts'
import type { Locale } from '../../../i18n/locale.ts'
import type { Budan } from '../../../service.ts'
import type { Caller } from '../../access/tokens.ts'
import type { Visitor } from '../visitor.ts'

/** What a whole page is rendered with. */
export interface Frame {
  readonly visitor: Visitor
  /** For the forms of the page. */
  readonly csrf: string
  readonly version: string
  /** Whose token or session it is. Null: no token is configured, or none was examined. */
  readonly caller: Caller | null
  /** `/metrics` needs no token, so that a browser can open it. */
  readonly hasMetrics: boolean
  /** Exceptions that are open; null: not known now. */
  readonly openExceptions: OpenCount | null
  /** Whether the path may be linked to, or its form be shown: by the scope of its route. */
  may(method: 'GET' | 'POST', path: string): boolean
}

/** What every component has without a property: the reader's language, the gateway, the merchants. */
export interface Rendering {
  readonly locale: Locale
  readonly gateway: Pick<Budan['gateway'], 'label' | 'canTrace'>
  /** Those that are configured. */
  readonly merchants: Budan['merchants']
  /** Null: a part of a page, which all readers of the language share. */
  readonly frame: Frame | null
}

/** Provided around everything that is rendered. */
export const RenderingContext = createContext<Rendering>({
  locale: 'en',
  gateway: { label: { en: 'the gateway', zh: '支付渠道' }, canTrace: false },
  merchants: [],
  frame: null,
})

export function useLocale(): Locale {
  return useContext(RenderingContext).locale
}

export function useMerchants(): Budan['merchants'] {
  return useContext(RenderingContext).merchants
}

/** Within a page. */
export function useFrame(): Frame {
  const { frame } = useContext(RenderingContext)
  if (frame === null) throw new TypeError('Only a page has a frame')
  return frame
}

/** Texts of a language, made with the name of the gateway in it. */
type Naming<T> = (gateway: string) => T

/** A catalog whose texts name the gateway. Outside of rendering, both arguments are needed. */
export function gatewayCatalog<T>(texts: {
  readonly en: Naming<T>
  readonly zh: Naming<NoInfer<T>>
}): (locale?: Locale, label?: GatewayLabel) => T {
  const known = new Map<string, T>()
  return (locale = useLocale(), label = useContext(RenderingContext).gateway.label) => {
    const name = label[locale] ?? label.en
    const key = `${locale} ${name}`
    const made = known.get(key) ?? texts[locale](name)
    known.set(key, made)
    return made
  }
}
