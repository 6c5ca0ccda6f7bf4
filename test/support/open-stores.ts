/** What is closed at the end of each test file: worker processes go on to the next. */
export interface Closable {
  close(): Promise<void>
}

const opened = new Set<Closable>()

export function closeLater(closable: Closable): void {
  opened.add(closable)
}

/** Closes every store that this file opened. The databases go with the server. */
export async function closeStores(): Promise<void> {
  const closables = [...opened]
  opened.clear()
  await Promise.all(closables.map((closable) => closable.close()))
}
