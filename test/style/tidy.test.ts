import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

interface SourceFile {
  readonly path: string
  readonly text: string
}

function sourceFiles(folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: relative(root, path).replaceAll(sep, '/'),
      text: readFileSync(path, 'utf8'),
    }))
}

const sources = sourceFiles('src')

/** A package of its own, in `packages/simulator`. */
const simulator = sourceFiles('packages/simulator/src')

const all = [...sources, ...simulator]

/** Paths of what a file imports, types included, as "src/…". */
function importsOf(file: SourceFile): readonly string[] {
  const imports = file.text.matchAll(/^(?:import|export)\s(?:[^'";]*?from\s*)?'(\.[^']+)'/gms)
  return [...imports].map(([, path = '']) =>
    relative(root, join(root, file.path, '..', path)).replaceAll(sep, '/'),
  )
}

/** Names of the packages that a file imports. */
function packagesOf(file: SourceFile): readonly string[] {
  const imports = file.text.matchAll(/(?:from |import |import\()'((?:@[\w-]+\/)?[\w:-]+)/g)
  return [...imports].map(([, name = '']) => name)
}

/** From the lowest, as the table of ARCHITECTURE.md has them from the highest: nothing imports from above. */
const ranks = ranksIn(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')).reverse()

/** The first column of the table, whose cells are "`cli/`" or "`desk.ts`, `desks.ts`". */
function ranksIn(page: string): string[] {
  const rows = page.split('\n').filter((line) => /^\| `[\w-]+(\/|\.ts)`/.test(line))
  return rows.flatMap((row) => {
    const [, cell = ''] = row.split('|')
    return [...cell.matchAll(/`([\w-]+(?:\.ts)?)\/?`/g)].map(([, name = '']) => name)
  })
}

/** These are connected by those above them alone. */
const apart = ['store', 'gateway', 'sources', 'telemetry', 'queue']

/** The seams: what is passed between layers is described there. */
const seams = ['src/store/store.ts', 'src/gateway/gateway.ts', 'src/sources/source.ts']

/** `src/job/pass.ts` is of `job`, `src/service.ts` of `service.ts`. */
function layerOf(path: string): string {
  return path.split('/')[1] ?? ''
}

describe('the source', () => {
  const imports = sources.flatMap((file) =>
    importsOf(file).map((path) => ({ from: file.path, to: path })),
  )

  it('has a rank for each layer', () => {
    const layers = new Set(sources.map(({ path }) => layerOf(path)))
    expect([...ranks].sort(), 'a row in the table of ARCHITECTURE.md').toEqual([...layers].sort())
  })

  it('imports nothing from a higher layer, types included', () => {
    const wrong = imports.filter(
      ({ from, to }) => ranks.indexOf(layerOf(to)) > ranks.indexOf(layerOf(from)),
    )
    expect(wrong, 'move what both need to the lower of them').toEqual([])
  })

  it('keeps store, gateway, telemetry and queue apart', () => {
    const wrong = imports
      .filter(({ from, to }) => layerOf(from) !== layerOf(to))
      .filter(({ from, to }) => apart.includes(layerOf(from)) && apart.includes(layerOf(to)))
      .filter(({ to }) => !seams.includes(to))
    expect(wrong, 'only wiring.ts knows all: pass it in, or move the shape to domain/').toEqual([])
  })

  it('keeps the simulator whole: it imports its own files and its own dependencies', () => {
    const manifest = readFileSync(join(root, 'packages/simulator/package.json'), 'utf8')
    const { dependencies } = JSON.parse(manifest) as { dependencies: object }
    const own = simulator.map(({ path }) => path)
    const wrong = simulator.flatMap((file) => [
      ...importsOf(file).filter((path) => !own.includes(path)),
      ...packagesOf(file).filter((name) => !/^node:/.test(name) && !(name in dependencies)),
    ])
    expect(own.length).toBeGreaterThan(30)
    expect(wrong, 'write it from the reference again').toEqual([])
  })

  it('imports the simulator by the name of its package, for the demo and the command line', () => {
    const users = sources
      .filter((file) => packagesOf(file).includes('budan-simulator'))
      .map((file) => layerOf(file.path))
    expect(new Set(users)).toEqual(new Set(['demo', 'cli', 'index.ts']))
    const wrong = imports.filter(({ to }) => !to.startsWith('src/'))
    expect(wrong, "import it from 'budan-simulator'").toEqual([])
  })

  it('keeps SQL in store/, and that for tables of a shop in sources/', () => {
    const sql =
      /\b(select\s+[\w*.,\s()]+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s)/i
    const wrong = sources
      .filter((file) => !['store', 'sources'].includes(layerOf(file.path)))
      .filter((file) => sql.test(withoutComments(file.text)))
      .map((file) => file.path)
    expect(wrong, 'give the store a function that says what you want to know').toEqual([])
  })

  it("keeps the gateway's words in gateway/ and demo/", () => {
    const words = /['"`](SUCCESS|NOTPAY|USERPAYING|PAYERROR|REVOKED|out_trade_no|prepay_id)['"`]/
    const allowed = ['gateway', 'demo']
    const wrong = sources
      .filter((file) => !allowed.includes(layerOf(file.path)))
      .filter((file) => words.test(withoutComments(file.text)))
      .map((file) => file.path)
    expect(wrong, 'use the neutral words of domain/trade.ts').toEqual([])
  })

  it('names nothing after WeChat Pay but in its gateway, its configuration and what is said of both', () => {
    const said = ['gateway', 'config', 'cli', 'demo', 'i18n', 'desk.ts', 'service.ts', 'index.ts']
    const wrong = sources
      .filter((file) => !said.includes(layerOf(file.path)) && !namedBefore.has(file.path))
      .filter((file) => /wechat|weixin/i.test(withoutTexts(withoutComments(file.text))))
      .map((file) => file.path)
    expect(wrong, 'let the gateway say it: GatewayFacts in gateway/gateway.ts').toEqual([])
  })

  it('has one door to the ledger: only settle.ts credits', () => {
    const callers = sources
      .filter((file) => layerOf(file.path) !== 'store')
      .filter((file) => /\.credit\(/.test(file.text))
      .map((file) => file.path)
    expect(callers, 'bring an Answer to settle() instead').toEqual(['src/settle/settle.ts'])
  })

  it('lends that door to the settling of reviews, and to nobody else', () => {
    const users = sources
      .filter((file) => /import \{[^}]*\bpay\b[^}]*\} from '\.\/settle\.ts'/.test(file.text))
      .map((file) => file.path)
    expect(users, 'bring an Answer to settle() instead').toEqual(['src/settle/resolution.ts'])
  })

  it('has no name that says nothing', () => {
    const banned = /\b\w*(Service|Manager|Handler|Helper|Util|Impl)s?\b/
    const declared = /\b(?:class|interface|type|function|const)\s+(\w+)/g
    const wrong = all.flatMap((file) =>
      [...file.text.matchAll(declared)]
        .map(([, name = '']) => name)
        .filter((name) => banned.test(name) && !allowedNames.has(name))
        .map((name) => `${file.path}: ${name}`),
    )
    expect(wrong, 'say what it is or does').toEqual([])
  })

  it('has no default export and no module-level let', () => {
    const wrong = all
      .filter((file) => /^(export default|(export )?let )/m.test(file.text))
      .map((file) => file.path)
    expect(wrong, 'name it; keep state in a class with a lifetime').toEqual([])
  })

  it('has no circle of imports, types included', () => {
    const graph = new Map(all.map((file) => [file.path, importsOf(file)] as const))
    expect(findCycle(graph), 'move what both need into a file of its own').toBeNull()
  })
})

/** The whole of budan is a service, and the field's word for it; so these stay. */
const allowedNames = new Set(['openService', 'withService'])

/** A field of the log that the story named. */
const namedBefore = new Set(['src/telemetry/log.ts'])

function withoutTexts(text: string): string {
  return text.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, '')
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (finished.has(path)) return null
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next, [...trail, path])
      if (cycle !== null) return cycle
    }
    finished.add(path)
    return null
  }
  for (const path of graph.keys()) {
    const cycle = visit(path, [])
    if (cycle !== null) return cycle
  }
  return null
}
