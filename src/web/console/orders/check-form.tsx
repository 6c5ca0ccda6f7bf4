import type { Order } from '../../../domain/order.ts'
import { inPlace } from '../in-place.ts'
import type { Frame } from '../layout.tsx'
import { orderPath } from '../paths.ts'
import { orderWords } from './words.ts'

/** With scripts, the page is updated in place, and the button is disabled meanwhile. */
export function CheckForm({ frame, order }: { frame: Frame; order: Order }) {
  const words = orderWords(frame.visitor.locale)
  const path = `${orderPath(order.orderNo)}/check`
  return (
    <form method="post" action={path} class="row busy" {...inPlace(path)}>
      <input type="hidden" name="_csrf" value={frame.csrf} />
      <button id="check-now" type="submit" aria-describedby="check-hint">
        {words.check}
      </button>
      <span class="under-way" aria-busy="true">
        {words.checking}
      </span>
      <small id="check-hint" class="muted">
        {words.checkHints[order.status]}
      </small>
    </form>
  )
}
