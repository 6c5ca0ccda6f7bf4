import { sql } from 'kysely'
import type { LoggedAttempt } from '../../domain/webhooks/delivery.ts'

export interface AttemptRow extends Omit<LoggedAttempt, 'durationMs'> {
  readonly duration_ms: number
}

const columns = {
  attempt: 'integer',
  at: 'timestamptz(3)',
  duration_ms: 'integer',
  outcome: 'text',
  status: 'integer',
  error: 'text',
  answer: 'text',
} as const

/** The columns of an attempt, in `webhook_attempts` and in `webhook_deliveries.delivered_by`. */
export const attemptNames = sql.raw(Object.keys(columns).join(', '))

export const attemptColumns = sql.raw(
  Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', '),
)

/** A `LoggedAttempt` of the row `made`. */
export const loggedColumns = sql`
  made.attempt, made.at, made.duration_ms as "durationMs", made.outcome, made.status, made.error, made.answer`

/** All attempts of the delivery `d`, of which one may be kept with it. Recorded twice, it is in the log too. */
export const attemptsOfDelivery = sql`(
  select ${attemptNames} from webhook_attempts where delivery_id = d.id
    and attempt is distinct from (d.delivered_by->>'attempt')::integer
  union all
  select made.* from json_to_record(d.delivered_by) as made (${attemptColumns})
  where d.delivered_by is not null
)`
