import { randomUUID } from 'node:crypto'

/** What is sent of an event. */
export interface Sent {
  readonly id: string
  readonly type: string
  readonly timestamp: Date
  readonly data: Readonly<Record<string, unknown>>
}

export function bodyOf({ id, type, timestamp, data }: Sent): string {
  return JSON.stringify({ id, type, timestamp: timestamp.toISOString(), data })
}

/** Of no order; it is stored nowhere. */
export function testEvent(endpoint: string): Sent {
  return {
    ...{ id: `evt_${randomUUID().replaceAll('-', '')}`, type: 'budan.test' },
    ...{ timestamp: new Date(), data: { endpoint } },
  }
}
