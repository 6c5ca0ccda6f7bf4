import type { Alert, AlertType } from './alert.ts'

/** States of this process: what begins each, and what ends it. */
const ends: Readonly<Partial<Record<AlertType, AlertType>>> = {
  breaker_closed: 'breaker_opened',
  clocks_agree: 'clocks_disagree',
  runs_back: 'runs_missing',
}

const begins: ReadonlySet<AlertType> = new Set(Object.values(ends))

/**
 * What is the case now, so that a summary of what came and went says how it stands. States that the nodes
 * share, such as an endpoint that fails, are none: another node may have seen their end.
 */
export class Ongoing {
  readonly #alerts = new Map<string, Alert>()

  receive(alert: Alert): void {
    const begun = ends[alert.type]
    if (begun !== undefined) this.#alerts.delete(keyOf(alert, begun))
    else if (begins.has(alert.type)) this.#alerts.set(keyOf(alert, alert.type), alert)
  }

  /** The oldest first. */
  all(): readonly Alert[] {
    return [...this.#alerts.values()]
  }
}

/** There are no more than merchants, times three. */
function keyOf({ merchant }: Alert, type: AlertType): string {
  return `${type} ${merchant ?? ''}`
}
