/**
 * Packs the program, and the library, into few files each.
 *
 * The program: with a thousand files, nearly half of the time until `serve` is ready goes into
 * finding and reading them.
 *
 * The library: packages that are CommonJS load Node's own modules by `require`, which an ES module
 * has not got. An embedder who bundles a program in one file would meet that in each of them
 * (`Dynamic require of "process" is not supported`). Here they are packed once, with a `require`.
 *
 * `dist/` stays as it is, file by file: types, migrations and the image of a database are read there.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'esbuild'

const simulator = { name: 'budan-simulator', built: 'packages/simulator/dist' }

const licensesFile = 'LICENSES.txt'

/** They find files of their own by where they lie, or are needed by few commands. */
const programExternal = [
  '@electric-sql/pglite',
  'bullmq',
  'ioredis',
  'mysql2',
  'pg',
  'pino',
  'pino-pretty',
  'undici',
]

await pack('dist/cli/main.js', { outdir: 'dist/bin', external: programExternal })
// PGlite finds files by where it lies: `store/embedded/pglite-files.ts`. pino-pretty is loaded by name.
await pack('dist/index.js', { outdir: 'dist/lib', external: ['@electric-sql/pglite'] })
copySimulatorTypes()

async function pack(entry, { outdir, external }) {
  const { metafile } = await build({
    entryPoints: [entry],
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20.19' },
    ...{ outdir, external, metafile: true },
    alias: { [simulator.name]: `./${simulator.built}/index.js` },
    // CommonJS packages load Node's own modules by it.
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
  const made = [licensesFile, ...Object.keys(metafile.outputs).map((path) => basename(path))]
  for (const name of readdirSync(outdir)) if (!made.includes(name)) rmSync(join(outdir, name))
}

/** The bundles hold the simulator's code; the types that name its package find its types in `dist/`. */
function copySimulatorTypes() {
  const copy = 'dist/simulator'
  cpSync(simulator.built, copy, { recursive: true, filter: (path) => !/\.js(\.map)?$/.test(path) })
  const types = readdirSync('dist', { recursive: true }).filter((path) => path.endsWith('.d.ts'))
  for (const path of types.map((each) => join('dist', each))) {
    const text = readFileSync(path, 'utf8')
    const to = relative(dirname(path), `${copy}/index.js`)
    const linked = text.replaceAll(
      `'${simulator.name}'`,
      `'${to.startsWith('.') ? to : `./${to}`}'`,
    )
    if (linked !== text) writeFileSync(path, linked)
  }
}

/** Licences that must be distributed with the bundle. */
function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
  const text =
    file === undefined ? `License: ${license}` : readFileSync(join(folder, file), 'utf8').trim()
  return `${name} ${version}\n\n${text}`
}
