import { catalog } from '../../../i18n/locale.ts'
import { useLocale, useMerchants } from '../rendering.ts'
import { commonWords } from '../words.ts'

interface MerchantFilterProps {
  readonly action: string
  /** The name of the merchant; undefined: all are shown. */
  readonly chosen: string | undefined
  /** What the list is restricted to otherwise. */
  readonly kept: Readonly<Record<string, string | undefined>>
}

/** Restricts a list to one merchant, where there are several: a list to choose from, for they may be many. */
export function MerchantFilter({ action, chosen, kept }: MerchantFilterProps) {
  const words = filterWords(useLocale())
  const merchants = useMerchants()
  if (merchants.length < 2) return null
  const names = merchants.map(({ name }) => name)
  const isOther = chosen !== undefined && !names.includes(chosen)
  return (
    <form method="get" action={action} class="row">
      {Object.entries(kept).map(
        ([name, value]) =>
          value !== undefined && <input key={name} type="hidden" {...{ name, value }} />,
      )}
      <label>
        {commonWords().merchant}
        <select name="merchant">
          <option value="">{words.all}</option>
          {[...names, ...(isOther ? [chosen] : [])].map((name) => (
            <option key={name} value={name} selected={name === chosen}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="outline">
        {words.show}
      </button>
    </form>
  )
}

const filterWords = catalog({
  en: { all: 'all', show: 'Show' },
  zh: { all: '全部', show: '显示' },
})
