import { CursorError } from '../../store/errors.ts'
import type { SpanPosition } from '../../store/webhooks/webhook-store.ts'

/** Where the next portion of a replay begins, and where the span ends. */
export interface SpanCursor {
  readonly from: SpanPosition
  readonly until: Date
}

export function formatSpanCursor({ from, until }: SpanCursor): string {
  const parts = ['span', +from.at, String(from.position), +until]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** Throws `CursorError`. */
export function parseSpanCursor(text: string): SpanCursor {
  const [kind, at, position, until] = parse(text)
  const isPosition = typeof position === 'string' && /^\d{1,18}$/.test(position)
  if (kind !== 'span' || !isTime(at) || !isTime(until) || !isPosition) {
    throw new CursorError('Cannot read the cursor: it is not one of a replay')
  }
  return { from: { at: new Date(at), position: BigInt(position) }, until: new Date(until) }
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(value as number) < 8e12
}

function parse(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}
