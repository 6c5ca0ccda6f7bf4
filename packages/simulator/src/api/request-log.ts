import { Waiters } from '../callbacks/waiters.ts'
import type { ClientOperation, FaultKind } from '../faults/fault.ts'

/** A request of a client and its answer, without the Authorization header. */
export interface LoggedRequest {
  /** 1, 2, 3, … in the order of arrival. */
  readonly seq: number
  /** RFC 3339, on the simulator's clock. */
  readonly at: string
  readonly method: string
  /** Path and query as they came. */
  readonly target: string
  /** Null: no operation of WeChat Pay. */
  readonly operation: ClientOperation | null
  readonly out_trade_no: string | null
  /** The body as text. */
  readonly body: string
  /** Its `Wechatpay-Serial` header. */
  readonly wechatpay_serial: string | null
  /** Null until the answer is sent; a fault can let it hang. */
  status: number | null
  /** The `code` of an error. */
  code: string | null
  faults: readonly FaultKind[]
}

export interface RequestFilter {
  readonly operation?: ClientOperation | undefined
  readonly out_trade_no?: string | undefined
  readonly status?: number | undefined
  /** Only requests after this one. */
  readonly after_seq?: number | undefined
}

/** The last requests; older ones are removed. */
export class RequestLog {
  readonly #max: number
  #requests: LoggedRequest[] = []
  #seq = 0
  readonly #waiters = new Waiters()

  constructor(max: number) {
    this.#max = max
  }

  open(arrival: Omit<LoggedRequest, 'seq' | 'status' | 'code' | 'faults'>): LoggedRequest {
    this.#seq += 1
    const request = { ...arrival, seq: this.#seq, status: null, code: null, faults: [] }
    this.#requests.push(request)
    // Removing half of them now and then costs less than shifting each time.
    if (this.#requests.length >= this.#max * 2) this.#requests = this.#requests.slice(-this.#max)
    this.#waiters.check()
    return request
  }

  answered(request: LoggedRequest, answer: { status: number; code: string | null }): void {
    request.status = answer.status
    request.code = answer.code
    this.#waiters.check()
  }

  list(filter: RequestFilter = {}): readonly LoggedRequest[] {
    return this.#requests.slice(-this.#max).filter((request) => fits(request, filter))
  }

  /** Resolves once `count` requests match, including those before the call. */
  async wait(
    filter: RequestFilter,
    options: { readonly count: number; readonly signal?: AbortSignal | undefined },
  ): Promise<readonly LoggedRequest[]> {
    await this.#waiters.until(() => this.list(filter).length >= options.count, options.signal)
    return this.list(filter)
  }

  clear(): void {
    this.#requests = []
  }

  stop(): void {
    this.#waiters.fail('the simulator stopped')
  }
}

function fits(request: LoggedRequest, filter: RequestFilter): boolean {
  if (filter.after_seq !== undefined && request.seq <= filter.after_seq) return false
  if (filter.operation !== undefined && request.operation !== filter.operation) return false
  if (filter.status !== undefined && request.status !== filter.status) return false
  return filter.out_trade_no === undefined || request.out_trade_no === filter.out_trade_no
}
