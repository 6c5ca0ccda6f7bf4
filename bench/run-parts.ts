import type { Closing } from './closing.ts'
import type { Figure } from './figure.ts'
import type { BenchOptions } from './options.ts'
import { parts } from './parts.ts'
import { openStage } from './stage.ts'

/**
 * Runs the selected parts, one after the other. Calls `keep` with all figures so far after each
 * part.
 */
export async function benchParts(
  { parts: chosen, stores, size, repetitions }: BenchOptions,
  {
    closing,
    logPart,
    keep,
  }: {
    closing: Closing
    /** Called before each part with its name. */
    logPart: (part: string) => void
    keep: (figures: readonly Figure[]) => Promise<void>
  },
): Promise<readonly Figure[]> {
  const stage = await openStage({ closing, stores, size, repetitions })
  const figures: Figure[] = []
  for (const { name, target, bench } of parts) {
    if (!chosen.includes(name)) continue
    logPart(name)
    figures.push(...(await bench(stage)).map((each) => ({ ...each, target })))
    await keep(figures)
  }
  return figures
}
