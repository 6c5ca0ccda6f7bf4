import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of this package, whether its sources run, what the build made of each, or its bundle. */
export function packageRoot(): string {
  return dirname(resolveFrom([here(), workingDirectory()], 'budan/package.json'))
}

/**
 * A file of a package that budan depends on. An embedder's bundle may lie where no packages are: then
 * budan's own are taken, or those of the directory that it is started in. Throws where there are none.
 */
export function resolvePackaged(specifier: string): string {
  return resolveFrom([here(), ownPackage(), workingDirectory()], specifier)
}

function resolveFrom(places: readonly (string | null)[], specifier: string): string {
  const errors: unknown[] = []
  for (const place of places) {
    if (place === null) continue
    try {
      return createRequire(place).resolve(specifier)
    } catch (error) {
      errors.push(error)
    }
  }
  throw new Error(missing(specifier), { cause: errors[0] })
}

/** An embedder who ships a bundle alone reads it. */
function missing(specifier: string): string {
  const [, name = specifier] = /^((?:@[^/]+\/)?[^/]+)/.exec(specifier) ?? []
  return (
    `Cannot find the files of the package "${name}": no node_modules beside the program, nor in the ` +
    `working directory "${process.cwd()}", has it. Install budan in one of them: npm install budan`
  )
}

const here = () => import.meta.url
const workingDirectory = () => join(process.cwd(), 'none.js')

function ownPackage(): string | null {
  try {
    return join(packageRoot(), 'none.js')
  } catch {
    return null
  }
}
