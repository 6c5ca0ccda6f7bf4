import type { Audit, Store } from '../../../store/store.ts'
import type { AuditResult } from '../latest-audit.ts'

/** People examine this many orders one by one; more than these have one common cause. */
export const rowsMax = 100

export type FoundRows = Readonly<Partial<Record<keyof Audit, readonly string[]>>>

/**
 * The orders behind the counts of the last audit. Finding them takes as long as counting them, so they
 * are read once for each audit, and only for counts that are not 0.
 */
export class RowsOfAudit {
  readonly #store: Pick<Store, 'auditRows'>
  #found: { readonly audit: AuditResult; readonly rows: Promise<FoundRows> } | null = null

  constructor(store: Pick<Store, 'auditRows'>) {
    this.#store = store
  }

  /** Throws `StoreError`; the next call then tries again. */
  async rowsOf(audit: AuditResult): Promise<FoundRows> {
    if (this.#found?.audit !== audit) this.#found = { audit, rows: this.#read(audit) }
    const found = this.#found
    try {
      return await found.rows
    } catch (error) {
      if (this.#found === found) this.#found = null
      throw error
    }
  }

  async #read({ counts }: AuditResult): Promise<FoundRows> {
    const rows: Partial<Record<keyof Audit, readonly string[]>> = {}
    for (const [name, count] of Object.entries(counts) as [keyof Audit, number][]) {
      if (count > 0) rows[name] = await this.#store.auditRows(name, { limit: rowsMax })
    }
    return rows
  }
}
