import { sql } from 'kysely'

/**
 * Lets the transaction commit without a wait for the disk. If the server itself crashes within the next
 * second, what was claimed or recorded is sent once more: nothing is ever recorded that was not delivered.
 */
export const unflushed = sql`set_config('synchronous_commit', 'off', true)`
