import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../../domain/clock.ts'
import type { Budan } from '../../../service.ts'
import type { LatestExceptions } from '../exceptions/latest-exceptions.ts'
import type { LatestAudit } from '../latest-audit.ts'
import type { TokenAgain } from '../rights/token-again.ts'

/** The dependencies of every page. */
export interface ConsoleParts {
  readonly budan: Budan
  readonly clock: Clock
  /** The last audit, for all pages. */
  readonly latestAudit: LatestAudit
  /** For the menu of all pages. */
  readonly latestExceptions: LatestExceptions
  /**
   * Whether the login of the request still holds: a stream must end with the session. Throws `StoreError`
   * while the database is away.
   */
  isStillIn(request: FastifyRequest): Promise<boolean>
  /** For a form that needs the token of the session. */
  readonly tokenAgain: TokenAgain
}
