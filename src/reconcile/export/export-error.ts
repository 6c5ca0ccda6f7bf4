/** The export, or the map to it, cannot be used. One sentence for each fault. */
export class ExportError extends Error {
  override readonly name = 'ExportError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

export function cannotUse(file: string, why: string): ExportError {
  return new ExportError([`Cannot use the export ${JSON.stringify(file)}: ${why}`])
}
