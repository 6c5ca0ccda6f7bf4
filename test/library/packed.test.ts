import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

const home = realpathSync(mkdtempSync(join(tmpdir(), 'budan-packed-')))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** A directory that has one packed package installed, with its dependencies and nothing else. */
async function install(folder: string): Promise<string> {
  const { name, dependencies } = manifestOf(folder)
  const directory = join(home, name)
  const modules = join(directory, 'node_modules')
  mkdirSync(join(modules, name), { recursive: true })
  // Its scripts would build dist/ again, under the feet of other tests.
  const packing = ['pack', '--ignore-scripts', '--json', '--pack-destination', home]
  const { stdout } = await run('npm', packing, { cwd: folder })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  await run('tar', [
    '-xzf',
    join(home, filename),
    '--strip-components=1',
    '-C',
    join(modules, name),
  ])
  for (const each of [...Object.keys(dependencies), '@types/node']) {
    mkdirSync(dirname(join(modules, each)), { recursive: true })
    symlinkSync(join(root, 'node_modules', each), join(modules, each), 'dir')
  }
  return directory
}

/** Compiles a program that fails where `type` has become `any`, as a type that is not found does. */
async function checkTypes(directory: string, { type, from }: { type: string; from: string }) {
  const program = `
    import type { ${type} } from '${from}'
    export const known = (value: ${type}) => value
    // @ts-expect-error: it is no number
    known(1)
  `
  writeFileSync(join(directory, 'types.mts'), program)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', 'types.mts']
  await run(process.execPath, args, { cwd: directory })
}

/** Starts a command that prints its `url` as JSON, sends it a request, and ends it. */
async function urlPrintedBy(directory: string, args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', HOME: directory }
  const running = run(process.execPath, [...args, '--port', '0', '--json'], { cwd: directory, env })
  const [line] = await new Promise<[string]>((resolve, reject) => {
    running.child.stdout?.once('data', (text: string) => resolve([text]))
    running.catch(reject)
  })
  const { url } = JSON.parse(line) as { url: string }
  expect((await fetch(`${url}/_sim`)).status).toBe(200)
  running.child.kill('SIGTERM')
  await running
  return url
}

describe('budan, packed and installed alone', () => {
  let directory: string
  let installed: string
  beforeAll(async () => {
    directory = await install(root)
    installed = join(directory, 'node_modules/budan')
  })

  test('names the package of the simulator nowhere that is loaded', () => {
    const paths = readdirSync(join(installed, 'dist'), { recursive: true }).map(String)
    const loaded = paths.filter((path) => /\.d\.ts$|^(bin|lib)\/.*\.js$/.test(path))
    expect(loaded.length).toBeGreaterThan(100)
    const imports = /(from|import|require)\s*\(?\s*['"]budan-simulator['"]/
    const wrong = loaded.filter((path) =>
      imports.test(readFileSync(join(installed, 'dist', path), 'utf8')),
    )
    expect(wrong).toEqual([])
  })

  test('has the types of the simulator', () =>
    checkTypes(directory, { type: 'Simulator', from: 'budan' }))

  test('runs `budan simulator`', async () => {
    const url = await urlPrintedBy(directory, [join(installed, 'bin/budan.js'), 'simulator'])
    expect(url).toMatch(/^http:/)
  })
})

describe('budan-simulator, packed and installed alone', () => {
  const folder = join(root, 'packages/simulator')
  let directory: string
  beforeAll(async () => {
    directory = await install(folder)
  })

  test('has its types', () => checkTypes(directory, { type: 'Simulator', from: 'budan-simulator' }))

  test('runs as a command', async () => {
    const bin = join(directory, 'node_modules/budan-simulator/bin/budan-simulator.js')
    expect(await urlPrintedBy(directory, [bin])).toMatch(/^http:/)
  })

  test('has the version of budan, and of what both depend on', () => {
    const [own, budan] = [manifestOf(folder), manifestOf(root)]
    expect(own.version).toBe(budan.version)
    expect(budan.dependencies).toMatchObject(own.dependencies)
  })
})
