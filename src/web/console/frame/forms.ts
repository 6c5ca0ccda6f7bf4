import type { z } from 'zod'
import { Refusal } from '../../errors.ts'

/** The fault of each field of a form, by its name. */
export type Faults = Readonly<Record<string, string>>

/** The fields as the browser sent them, to show a refused form again. */
export type Given = Readonly<Record<string, string>>

export type Form<T> =
  | { readonly ok: true; readonly value: T; readonly given: Given }
  | { readonly ok: false; readonly faults: Faults; readonly given: Given }

/** Reads a form, or a query, by a schema whose messages are in the reader's language. */
export function readForm<S extends z.ZodType>(schema: S, body: unknown): Form<z.output<S>> {
  const given = givenOf(body)
  const read = schema.safeParse(given)
  if (read.success) return { ok: true, value: read.data, given }
  const faults: Record<string, string> = {}
  for (const { path, message } of read.error.issues) faults[String(path[0] ?? '')] ??= message
  return { ok: false, faults, given }
}

/** The same, of which a page sends no other values: those were written by hand. */
export function parsedForm<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const read = readForm(schema, given)
  if (read.ok) return read.value
  const [[name, fault] = ['', '']] = Object.entries(read.faults)
  const message = `${name}: ${fault}, not ${JSON.stringify((read.given[name] ?? '').slice(0, 60))}`
  throw new Refusal(400, { code: 'request_invalid', message })
}

/** A field sent twice counts once: the last time. */
export function givenOf(body: unknown): Given {
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : []
  const texts = fields.map(([name, value]) => [name, Array.isArray(value) ? value.at(-1) : value])
  return Object.fromEntries(texts.filter(([, value]) => typeof value === 'string'))
}
