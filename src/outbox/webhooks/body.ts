import { randomUUID } from 'node:crypto'
import type { PublishedEvent } from '../../domain/webhooks/published-event.ts'
import type { ClaimedEvent } from '../../store/webhooks/webhook-store.ts'

/**
 * What is sent of an event. Its data go out as the database has them, behind the name of the merchant: to
 * parse them and to write them again takes as long as to sign them.
 */
export function bodyOf(event: ClaimedEvent, merchant: string): string {
  const { data } = event
  const members = data.slice(data.indexOf('{') + 1)
  return bodyWith(event, `{"merchant":${JSON.stringify(merchant)},${members}`)
}

/** Of no order; it is stored nowhere. */
export function testEvent(endpoint: string): { readonly id: string; readonly body: string } {
  const id = `evt_${randomUUID().replaceAll('-', '')}`
  const event = { id, type: 'budan.test', timestamp: new Date() }
  return { id, body: bodyWith(event, JSON.stringify({ endpoint })) }
}

function bodyWith(
  { id, type, timestamp }: Pick<PublishedEvent, 'id' | 'timestamp'> & { readonly type: string },
  data: string,
): string {
  const head = JSON.stringify({ id, type, timestamp })
  return `${head.slice(0, -1)},"data":${data}}`
}
