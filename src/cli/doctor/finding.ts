/** What the doctor found in one place. */
export interface Finding {
  /** What was looked at: `merchant key`. */
  readonly name: string
  /** `warn`: it works, and somebody should look. `fail`: it does not work. */
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do next; null when nothing is to be done. */
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
