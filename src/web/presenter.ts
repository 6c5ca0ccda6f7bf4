import type { z } from 'zod'
import { type CamelCase, camelCase } from '../text/names.ts'

/** The record that an answer is made from: its fields in camelCase, a time as a Date. */
type RecordOf<Json> = {
  readonly [Name in keyof Json & string as CamelCase<Name>]: SourceOf<Json[Name]>
}

type SourceOf<T> = T extends string
  ? string extends T
    ? string | Date
    : T
  : T extends readonly (infer Item)[]
    ? readonly Item[]
    : T

/** Makes the answers of a shape. What a record has besides the fields of the shape is left out. */
export function presenterOf<Shape extends z.ZodObject>(shape: Shape) {
  const names = Object.keys(shape.shape).map((name) => [name, camelCase(name)] as const)
  return (record: RecordOf<z.output<Shape>>): z.output<Shape> => {
    const values = record as Readonly<Record<string, unknown>>
    const fields = names.map(([name, source]) => [name, jsonOf(values[source])])
    return Object.fromEntries(fields) as z.output<Shape>
  }
}

/** RFC 3339 in UTC with milliseconds. */
function jsonOf(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value
}
