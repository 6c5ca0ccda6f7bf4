import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of this package, whether its sources run, what the build made of each, or its bundle. */
export function packageRoot(): string {
  return dirname(resolvePackaged('budan/package.json'))
}

/**
 * A file of a package. An embedder's bundle may lie where no packages are: then those of the
 * directory that it is started in are taken. Throws where there are none either.
 */
export function resolvePackaged(specifier: string): string {
  try {
    return createRequire(import.meta.url).resolve(specifier)
  } catch (error) {
    try {
      return createRequire(join(process.cwd(), 'none.js')).resolve(specifier)
    } catch {
      throw error
    }
  }
}
