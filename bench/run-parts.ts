import type { Closing } from './closing.ts'
import type { Figure } from './figure.ts'
import type { BenchOptions } from './options.ts'
import { parts } from './parts.ts'
import { openStage } from './stage.ts'

/** Runs what was asked for, one part after the other. `tell` hears of each before it begins. */
export async function benchParts(
  { parts: chosen, stores, size, repetitions }: BenchOptions,
  { closing, tell }: { closing: Closing; tell: (part: string) => void },
): Promise<readonly Figure[]> {
  const stage = await openStage({ closing, stores, size, repetitions })
  const figures: Figure[] = []
  for (const { name, target, bench } of parts) {
    if (!chosen.includes(name)) continue
    tell(name)
    figures.push(...(await bench(stage)).map((each) => ({ ...each, target })))
  }
  return figures
}
