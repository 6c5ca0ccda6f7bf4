import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { GatewayLabel } from '../../gateway/gateway.ts'
import type { Locale } from '../../i18n/locale.ts'
import type { Budan } from '../../service.ts'

type Gateway = Pick<Budan['gateway'], 'label' | 'canTrace'>

/** Which gateway the pages are about: provided around everything that is rendered. */
export const TheGateway = createContext<Gateway>({
  label: { en: 'the gateway', zh: '支付渠道' },
  canTrace: false,
})

/** Texts of a language, made with the name of the gateway in it. */
type Naming<T> = (gateway: string) => T

/** A catalog whose texts name the gateway. Outside of rendering, the label is an argument. */
export function gatewayCatalog<T>(texts: {
  readonly en: Naming<T>
  readonly zh: Naming<NoInfer<T>>
}): (locale: Locale, label?: GatewayLabel) => T {
  const known = new Map<string, T>()
  return (locale, label = useContext(TheGateway).label) => {
    const name = label[locale] ?? label.en
    const key = `${locale} ${name}`
    const made = known.get(key) ?? texts[locale](name)
    known.set(key, made)
    return made
  }
}
