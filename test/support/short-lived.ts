/**
 * Options of Node for a process that opens an embedded database and soon ends. V8 does not optimize the
 * database's code then, which is half of the processor time of such a start.
 */
export const shortLived: readonly string[] = ['--liftoff-only']
