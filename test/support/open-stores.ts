/** What is closed at the end of each test file: worker processes go on to the next. */
export interface Closable {
  close(): Promise<void>
}

const opened = new Set<Closable>()

export function closeLater(closable: Closable): void {
  opened.add(closable)
}

/** What was opened last first: stores, and then the embedded databases that were below them. */
export async function closeStores(): Promise<void> {
  const closables = [...opened].reverse()
  opened.clear()
  for (const closable of closables) await closable.close()
}
