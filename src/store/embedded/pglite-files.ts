import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PGliteOptions } from '@electric-sql/pglite'
import { packageRoot, resolvePackaged } from '../../package-root.ts'

const names = { data: 'pglite.data', wasm: 'pglite.wasm', initdb: 'initdb.wasm' }

/**
 * PGlite reads three files that lie beside its code. An embedder's bundler takes the code away from
 * them; then they are given to it from wherever they are. Empty: it finds them by itself.
 */
export async function pgliteFiles(): Promise<Partial<PGliteOptions>> {
  const here = dirname(fileURLToPath(import.meta.url))
  if (isPackaged(here) || existsSync(join(here, names.data))) return {}
  const folder = packageFolder()
  if (folder === null) {
    const files = Object.values(names).join(', ')
    throw new Error(
      `its files are missing: copy ${files} from @electric-sql/pglite/dist beside the bundle`,
    )
  }
  const [data, wasm, initdb] = await Promise.all(
    [names.data, names.wasm, names.initdb].map((name) => readFile(join(folder, name))),
  )
  const bytes = (file: Buffer | undefined) => new Uint8Array(file ?? Buffer.alloc(0))
  const [pgliteWasmModule, initdbWasmModule] = await Promise.all(
    [wasm, initdb].map((file) => WebAssembly.compile(bytes(file))),
  )
  return {
    fsBundle: new Blob([bytes(data)]),
    ...(pgliteWasmModule && { pgliteWasmModule }),
    ...(initdbWasmModule && { initdbWasmModule }),
  }
}

/** Whether this runs from budan's own package, where PGlite is a package of its own beside it. */
function isPackaged(here: string): boolean {
  try {
    return here.startsWith(packageRoot() + sep)
  } catch {
    return false
  }
}

function packageFolder(): string | null {
  try {
    return dirname(resolvePackaged('@electric-sql/pglite'))
  } catch {
    return null
  }
}
