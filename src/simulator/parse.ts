import { z } from 'zod'
import { ControlError } from './control-error.ts'

/** What was given to the control interface, by its schema. */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw new ControlError(400, 'WRONG_INPUT', z.prettifyError(read.error))
}
