import { catalog } from '../../../i18n/locale.ts'
import { SelectFilter } from '../frame/parts.tsx'
import { useLocale, useMerchants } from '../frame/rendering.ts'
import { commonWords } from '../words.ts'

interface MerchantFilterProps {
  readonly action: string
  /** The name of the merchant; undefined: all are shown. */
  readonly chosen: string | undefined
  /** What the list is restricted to otherwise. */
  readonly kept: Readonly<Record<string, string | undefined>>
}

/** Restricts a list to one merchant, where there are several. */
export function MerchantFilter({ chosen, ...list }: MerchantFilterProps) {
  const words = filterWords(useLocale())
  const merchants = useMerchants()
  if (merchants.length < 2) return null
  const names = new Set([...merchants.map(({ name }) => name), ...(chosen ? [chosen] : [])])
  return (
    <SelectFilter
      {...{ ...list, name: 'merchant', label: commonWords().merchant, words, chosen }}
      options={[...names].map((name) => [name, name])}
    />
  )
}

const filterWords = catalog({
  en: { all: 'all', show: 'Show' },
  zh: { all: '全部', show: '显示' },
})
