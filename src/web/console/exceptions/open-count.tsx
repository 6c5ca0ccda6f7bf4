import { formatFen } from '../../../domain/money.ts'
import { useFrame, useLocale } from '../frame/rendering.ts'
import { countText } from '../overview/words.ts'
import { exceptionWords } from './words.ts'

/** How many are open, and what is at stake, in the menu. Nothing where none is, or it is not known. */
export function OpenCount() {
  const { openExceptions } = useFrame()
  const words = exceptionWords(useLocale())
  if (openExceptions === null || openExceptions.count === 0) return null
  const { count, amount } = openExceptions
  return (
    <>
      {' '}
      <small class="open-count">
        {words.open({ count: countText(count), sum: formatFen(amount) })}
      </small>
    </>
  )
}
