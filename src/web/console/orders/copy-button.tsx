import type { Locale } from '../../../i18n/locale.ts'
import { commonWords } from '../words.ts'

/** Copies the text of the element with the id `of`. Hidden without scripts. */
export function CopyButton({ of, locale }: { of: string; locale: Locale }) {
  const words = commonWords(locale)
  return (
    <button
      type="button"
      class="copy small outline secondary"
      data-copy={of}
      data-copied={words.copied}
    >
      {words.copy}
    </button>
  )
}
