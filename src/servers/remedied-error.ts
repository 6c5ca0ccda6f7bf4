/** A cause that knows its own next step. */
export class RemediedError extends Error {
  override readonly name: string = 'RemediedError'
  /** Null: none is known. */
  readonly remedy: string | null

  constructor(message: string, { remedy, ...options }: ErrorOptions & { remedy: string | null }) {
    super(message, options)
    this.remedy = remedy
  }
}
