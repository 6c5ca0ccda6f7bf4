/** A control request that cannot be carried out. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  /** HTTP status for it. */
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}
