import type {
  Attempt,
  Delivery,
  DeliveryState,
  LoggedAttempt,
} from '../../domain/webhooks/delivery.ts'
import type { EndpointHealth, Gate } from '../../domain/webhooks/endpoint-health.ts'
import type { PublishedType, StoredEvent } from '../../domain/webhooks/published-event.ts'
import type { Page, PageRequest } from '../page.ts'

/** Endpoints and deliveries, shared by all nodes. Deliveries are made with the positions of their events. */
export interface WebhookStore {
  /**
   * Says which endpoints this process has: from now on they get events. To be repeated every few
   * minutes, also with none: what no node has said for an hour gets no new ones.
   */
  configureWebhooks(endpoints: readonly ConfiguredEndpoint[]): Promise<void>
  /** Claims what is due for one endpoint, and leases it for `leaseMs`. */
  claimDeliveries(claim: DeliveryClaim): Promise<ClaimedDeliveries>
  /**
   * Makes claims undone whose deliveries were not sent, each only if it was not claimed again since. They do
   * not count in the schedule of attempts.
   */
  releaseDeliveries(claims: readonly DeliveryAttempt[]): Promise<void>
  /**
   * Writes what became of attempts on one endpoint, each only if the delivery was not claimed again since.
   * `test`: one of a test event, which is about the endpoint alone.
   */
  recordAttempts(record: AttemptsRecord): Promise<RecordedAttempts>
  /** How these endpoints are. Counts go up to `countMax`. */
  endpointStates(
    names: readonly string[],
    options: { readonly countMax: number },
  ): Promise<readonly EndpointState[]>
  /** Newest first. */
  listDeliveries(filter: DeliveryFilter): Promise<Page<Delivery>>
  findDelivery(
    id: bigint,
  ): Promise<{ readonly delivery: Delivery; readonly attempts: readonly LoggedAttempt[] } | null>
  /** Makes it due now, whatever its state. Null: it is not here. */
  replayDelivery(id: bigint): Promise<Delivery | null>
  /** Makes one portion of a span due: what was not delivered, and what was. What is pending stays as it is. */
  replaySpan(span: ReplaySpan): Promise<ReplayedPortion>
  /**
   * Ends pending deliveries of endpoints that no node has had for `olderThanMs`, because their events would be
   * kept for ever otherwise. Returns how many, at most `limit`.
   */
  failUnconfigured(request: {
    readonly olderThanMs: number
    readonly limit: number
  }): Promise<number>
}

export interface ConfiguredEndpoint {
  readonly name: string
  /** Null: all. */
  readonly types: readonly PublishedType[] | null
}

export interface DeliveryClaim {
  readonly endpoint: string
  readonly limit: number
  readonly leaseMs: number
}

export interface ClaimedDeliveries {
  readonly gate: Gate
  readonly claimed: readonly ClaimedDelivery[]
}

/** One attempt of a delivery. */
export interface DeliveryAttempt {
  readonly id: bigint
  /** Its number: 1 for the first. Fences what is written of it. */
  readonly attempt: number
}

export interface ClaimedDelivery extends DeliveryAttempt {
  readonly claimedAt: Date
  readonly event: ClaimedEvent
}

/** `data` is JSON as it is stored, an object with members. */
export interface ClaimedEvent
  extends Pick<StoredEvent, 'id' | 'type' | 'timestamp' | 'gateway' | 'mchid'> {
  readonly data: string
}

export interface AttemptsRecord {
  readonly endpoint: string
  readonly attempts: readonly MadeAttempt[]
  readonly test?: Attempt
}

export interface MadeAttempt
  extends Attempt,
    Pick<ClaimedDelivery, 'id' | 'attempt' | 'claimedAt'> {}

export interface RecordedAttempts {
  readonly before: EndpointHealth
  readonly after: EndpointHealth
  readonly now: Date
  /** Deliveries that were given up. */
  readonly failed: number
  /** Of the last of these attempts. */
  readonly lastError: string | null
}

export interface EndpointState {
  readonly name: string
  readonly health: EndpointHealth
  readonly pending: number
  readonly failed: number
  /** Of the oldest event that is not delivered; null: there is none. */
  readonly oldestPendingMs: number | null
  readonly lastAt: Date | null
  readonly lastStatus: number | null
  readonly lastError: string | null
}

export interface DeliveryFilter extends PageRequest {
  readonly endpoint?: string | null
  readonly state?: DeliveryState | null
  readonly orderNo?: string | null
}

export interface ReplaySpan {
  readonly endpoint: string
  /** Events from then on, by their time. */
  readonly from: SpanPosition
  /** Up to then; null: up to now. */
  readonly until: Date | null
  readonly types: readonly PublishedType[] | null
  readonly limit: number
}

export interface SpanPosition {
  readonly at: Date
  /** Events behind this one, of those at the same time. */
  readonly position: bigint
}

export interface ReplayedPortion {
  readonly replayed: number
  /** Where the next portion begins; null: this was the last one. */
  readonly next: SpanPosition | null
  readonly until: Date
}
