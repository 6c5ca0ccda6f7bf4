import { z } from 'zod'
import { ControlError } from './control-error.ts'

/** Parses input of the control interface. Throws `ControlError`. */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const read = readBy(schema, value)
  if (read.success) return read.data
  throw new ControlError(400, 'WRONG_INPUT', z.prettifyError(read.error))
}

/** A JSON value with thousands of levels exceeds the stack of the recursive schema. */
function readBy<T extends z.ZodType>(schema: T, value: unknown) {
  try {
    return schema.safeParse(value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ControlError(400, 'WRONG_INPUT', 'It is nested too deeply')
  }
}
