import { commonWords } from '../words.ts'

/** Copies the text of the element with the id `of`. Hidden without scripts. */
export function CopyButton({ of }: { of: string }) {
  const words = commonWords()
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
