export interface Finding {
  /** What was checked: `private key`. */
  readonly name: string
  /** `warn`: it works, but a person should look at it. `fail`: it does not work. */
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do next; null when there is nothing to do. */
  readonly next: string | null
}

export function ok(name: string, detail: string): Finding {
  return { name, status: 'ok', detail, next: null }
}

export function warn(name: string, finding: { detail: string; next: string }): Finding {
  return { name, status: 'warn', ...finding }
}

export function fail(name: string, finding: { detail: string; next: string }): Finding {
  return { name, status: 'fail', ...finding }
}
