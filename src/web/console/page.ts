import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../domain/clock.ts'
import type { Budan } from '../../service.ts'
import type { LatestAudit } from './latest-audit.ts'
import type { Frame } from './layout.tsx'

/** What each page is added with. */
export interface ConsoleParts {
  readonly budan: Budan
  readonly clock: Clock
  /** The audit as it was last made, for all pages. */
  readonly latestAudit: LatestAudit
  /** Whether who sent the request still is let in: an answer that goes on must end with the session. */
  isStillIn(request: FastifyRequest): Promise<boolean>
  frameOf(request: FastifyRequest, reply: FastifyReply): Frame
}
