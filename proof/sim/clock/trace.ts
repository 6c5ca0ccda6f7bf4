/** How many lines before a failure are printed. */
const tailMax = 60

/** The history of a seed: always as a hash, and as text if it is kept. */
export class Trace {
  readonly lines: string[] = []
  readonly #kept: boolean
  readonly #startedAt: number
  #hash = 0x811c9dc5

  constructor(options: { kept: boolean; startAt: number }) {
    this.#kept = options.kept
    this.#startedAt = options.startAt
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  get tail(): readonly string[] {
    return this.lines.slice(-tailMax)
  }

  fired(now: number, owner: string, label: string): void {
    this.#mixNumber(now * 1000)
    this.#mixNumber(label.length * 64 + owner.length)
    if (this.#kept) this.lines.push(`${this.#at(now)} ${owner.padEnd(7)} ${label}`)
  }

  /** Builds the text only if the trace is kept, because most traces are never read. */
  log(now: number, text: () => string): void {
    if (!this.#kept) return
    const line = text()
    this.#mix(line)
    this.lines.push(`${this.#at(now)}         · ${line}`)
  }

  #at(now: number): string {
    return `+${((now - this.#startedAt) / 1000).toFixed(3).padStart(10)}s`
  }

  #mixNumber(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value % 2 ** 31), 0x01000193)
  }

  /** FNV-1a. */
  #mix(text: string): void {
    let hash = this.#hash
    for (let at = 0; at < text.length; at += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    }
    this.#hash = hash
  }
}
