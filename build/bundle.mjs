/**
 * Packs what `bin/budan.js` loads into few files: with a thousand of them, nearly half of the time
 * until `serve` is ready goes into finding and reading them. The library in `dist/` stays as it is,
 * file by file.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

const outdir = 'dist/bin'
const licensesFile = 'LICENSES.txt'

/** They find files of their own by where they lie, or are needed by few commands. */
const external = [
  '@electric-sql/pglite',
  'bullmq',
  'ioredis',
  'pg',
  'pino',
  'pino-pretty',
  'undici',
]

const { metafile } = await build({
  entryPoints: ['dist/cli/main.js'],
  ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20.19' },
  ...{ outdir, external, metafile: true },
  // What is CommonJS asks for Node's own modules by it.
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
  logLevel: 'warning',
})

const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  ),
)
writeFileSync(join(outdir, licensesFile), [...packages].sort().map(licenseOf).join('\n\n\n'))

// Of a build before: their names go with what is in them. Last, for who runs the program meanwhile.
const made = new Set([licensesFile, ...Object.keys(metafile.outputs).map((path) => basename(path))])
for (const name of readdirSync(outdir)) if (!made.has(name)) rmSync(join(outdir, name))

/** Whoever passes the bundle on passes these on with it. */
function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
  const text =
    file === undefined ? `License: ${license}` : readFileSync(join(folder, file), 'utf8').trim()
  return `${name} ${version}\n\n${text}`
}
