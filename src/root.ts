import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** The folder of this package, whether its sources run, what the build made of each, or its bundle. */
export function packageRoot(): string {
  return dirname(createRequire(import.meta.url).resolve('budan/package.json'))
}
