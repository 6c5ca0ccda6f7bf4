import { mkdirSync, readFileSync, renameSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/**
 * A module of TypeScript and all of ours that it imports as one file of JavaScript: loading them one by
 * one takes a process four times as long. Built once in this process. Packages stay outside.
 */
export function bundled(module: URL): Promise<string> {
  const path = fileURLToPath(module)
  const known = built.get(path) ?? bundle(path)
  built.set(path, known)
  return known
}

const built = new Map<string, Promise<string>>()

/** Where packages are found as from here. */
const folder = join(import.meta.dirname, '../../node_modules/.cache/budan/bench')

async function bundle(path: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const name = `${basename(dirname(path))}-${basename(path, '.ts')}`
  const file = join(folder, `${name}.mjs`)
  const writing = join(folder, `${name}.${process.pid}.mjs`)
  await build({
    ...{ entryPoints: [path], outfile: writing, bundle: true, packages: 'external' },
    ...{ format: 'esm', platform: 'node', keepNames: true, logLevel: 'error', plugins: [inPlace] },
  })
  renameSync(writing, file)
  return file
}

/** Each module finds the files beside it as if it were not part of a bundle. */
const inPlace: Plugin = {
  name: 'in place',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.tsx?$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
      loader: extname(path) === '.tsx' ? 'tsx' : 'ts',
    })),
}
