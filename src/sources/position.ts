import { z } from 'zod'
import { SourceError } from './source.ts'

/**
 * How far a scan has come. `odd`: rows without a time that can be, by key alone; they come first.
 * `dated`: the others, by time and key, as the database writes them.
 */
export type Position =
  | { readonly phase: 'odd'; readonly key: readonly string[] }
  | { readonly phase: 'dated'; readonly at: string; readonly key: readonly string[] }
  | { readonly phase: 'dated'; readonly at: null }

const shape = z.union([
  z.strictObject({ phase: z.literal('odd'), key: z.array(z.string()) }),
  z.strictObject({ phase: z.literal('dated'), at: z.string(), key: z.array(z.string()) }),
  z.strictObject({ phase: z.literal('dated'), at: z.null() }),
])

export function writePosition(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

export function readPosition(text: string): Position {
  try {
    return shape.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch (cause) {
    const message = `Cannot go on reading from ${JSON.stringify(text.slice(0, 80))}: no source gave that position`
    throw new SourceError(message, { isTransient: false, cause })
  }
}
