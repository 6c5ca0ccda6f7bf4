import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** One word or turn of phrase that docs/glossary.md replaces. */
interface Banned {
  readonly words: RegExp
  readonly instead: string
  /** Only in files below these. Everywhere, where it is left out. */
  readonly below?: readonly string[]
}

const code = ['src/', 'packages/', 'test/', 'proof/', 'bench/']

/** Names are read as words: `previewWait` as "preview wait". */
const banned: readonly Banned[] = [
  { words: /\b(doubts|sift(s|ed|ing)?)\b/, instead: 'plausibility check, quarantine, release' },
  { words: /\blanes?\b/, instead: 'limit, concurrency' },
  { words: /\bbrought\b/, instead: 'answer, credited by' },
  { words: /\b(wish(es|ed)?|fulfil\w*)\b/, instead: 'resolution request, apply' },
  { words: /\bobstacles?\b/, instead: 'conflict' },
  { words: /\bforese\w+/, instead: 'preview' },
  { words: /\b(stray(s|ed|ing)?|misdated)\b/, instead: 'clock-skew repair' },
  { words: /\bleft end\b/, instead: 'claim cursor' },
  { words: /\bkept link\b/, instead: 'reconnecting queue' },
  { words: /\bbeats?\b/, instead: 'heartbeat' },
  { words: /\b(pulse|tally|tallies)\b/, instead: 'overview feed, histogram' },
  { words: /\b(tells?|told|telling)\b/, instead: 'log, emit, record, return, say, notify' },
  { words: /\b(hears?|heard)\b/, instead: 'receive, read' },
  { words: /\b(questions?|ask(s|ed|ing)?)\b/, instead: 'query, send, request', below: code },
  { words: /\bso (much|many|long|few|often)\b/, instead: 'at most N, for N ms, until' },
  { words: /\bgiv(e|es|ing) way\b/, instead: 'resolve, release' },
  { words: /\b(weather|fates?)\b/, instead: 'fault schedule, outcomes' },
  { words: /\bshops?\b/, instead: 'dataset', below: ['proof/', 'bench/'] },
  { words: /\b(disbelie\w+|flaws?)\b/, instead: 'reject as unverified, defect' },
  { words: /\b(waves?|chunks?)\b/, instead: 'batch, group', below: code },
  { words: /\b(whoever|whomever)\b/, instead: 'name who: the caller, the operator, the payer' },
  { words: /\bas (they|it) must\b/, instead: 'as expected' },
  { words: /已取得付款码/, instead: '已生成支付二维码' },
  { words: /对账检查/, instead: '账目自检' },
  { words: /待支付/, instead: '待确认' },
  { words: /移出待处理/, instead: '办结（无需入账）' },
  { words: /立即查询/, instead: '立即查单' },
  { words: /接管/, instead: '导入' },
  { words: /一半不超过|99 ?% ?不超过/, instead: '中位数, P99' },
  // A network gateway may be called so: list its line in `allowed`.
  { words: /网关/, instead: '支付渠道' },
]

/** Where a banned word is somebody else's: a quotation, a format, a library's own name. */
const allowed: readonly { readonly path: string; readonly line: RegExp }[] = [
  { path: 'docs/glossary.md', line: /./ },
  { path: 'test/style/words.test.ts', line: /./ },
  // A column, and a name of zlib's.
  { path: 'src/store/sql/claims/late-checks.ts', line: /\basked\b/ },
  { path: 'src/store/embedded/image.ts', line: /chunkSize/ },
  { path: 'src/gateway/wechat/bills/text.ts', line: /chunkSize/ },
  // A status in the tables of others.
  ...[
    ...['src/reconcile/export/known-words.ts', 'proof/fuzz/files/export-target.ts'],
    ...['docs/reconcile.md', 'docs/reconcile.zh-CN.md'],
    ...['cli/reconcile', 'reconcile/export', 'reconcile/random'].map((t) => `test/${t}.test.ts`),
  ].map((path) => ({ path, line: /待支付/ })),
  // An answer of Redis Cluster.
  { path: 'src/queue/server-fault.ts', line: /ASK/ },
  // The names and messages of before, which a reader of the changes looks for.
  {
    path: 'CHANGELOG.md',
    line: /`Obstacle` is called|calls the keys `fate`|^- Log lines: "Pending/,
  },
  // The message of a migration, and the statement of the version before.
  { path: 'test/store/place.test.ts', line: /I6: event tells of a state/ },
  { path: 'test/support/version-before.ts', line: /false as strayed/ },
  // A status of `Promise.allSettled()`.
  { path: 'test/contract/store-money.ts', line: /status === 'fulfilled'/ },
  { path: 'test/contract/store-reviews.ts', line: /status === 'fulfilled'/ },
  // The words that no page and no command may show.
  { path: 'test/cli/labels.test.ts', line: /on its way back/ },
  { path: 'test/console/labels.test.ts', line: /on its way back|接管/ },
  // A sentence that the version before stored.
  { path: 'src/domain/review/former-reasons.ts', line: /paid since it was asked about/ },
  // Names of the bench's parts and figures, by which published results are compared.
  { path: 'bench/drain/drain.ts', line: /orders asked about/ },
  { path: 'bench/peers/rates.ts', line: /figure\([`'].*\basked, credited|'questions alone'/ },
  { path: 'bench/schedule/schedule.ts', line: /name: 'questions'|of so many calls/ },
  { path: 'bench/parts/unpaid.ts', line: /questions a second/ },
]

/** Applied migrations never change, so their words stay. */
const immutable = 'src/store/migrations/'

const folders = [
  ...['src', 'packages', 'test', 'proof', 'bench', 'docs', 'deploy'],
  ...['examples', 'assets', 'presets', 'bin', 'build'],
]
const files = [
  ...['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', 'CHANGELOG.md'],
  ...['SECURITY.md', 'config.schema.json'],
]

function textFiles(): readonly string[] {
  const below = folders.flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    } catch {
      return []
    }
  })
  const paths = below
    .filter(
      (entry) =>
        entry.isFile() && /\.(tsx?|mjs|md|ya?ml|json|css|js|go|java|php|py)$/.test(entry.name),
    )
    .filter((entry) => !/\.min\.(css|js)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => !path.includes('node_modules/') && !path.includes('/dist/'))
    // Measurements of before, whose figures keep their names.
    .filter((path) => !path.startsWith('bench/results/'))
  return [...paths, ...files]
}

/** `previewWait` as "preview wait", `PreviewedWait_x` as "previewed wait x". */
function asWords(line: string): string {
  return line
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
}

function bannedIn(path: string): readonly string[] {
  const lines = readFileSync(join(root, path), 'utf8').split('\n')
  return lines.flatMap((line, at) => {
    if (allowed.some((each) => each.path === path && each.line.test(line))) return []
    const text = asWords(line)
    return banned
      .filter(({ below }) => below?.some((folder) => path.startsWith(folder)) ?? true)
      .flatMap(({ words, instead }) => {
        const found = words.exec(text)?.[0]
        return found === undefined ? [] : [`${path}:${at + 1}: "${found}": ${instead}`]
      })
  })
}

describe('the words', () => {
  it('are those of docs/glossary.md', () => {
    const wrong = textFiles()
      .filter((path) => !path.startsWith(immutable))
      .flatMap(bannedIn)
    expect(wrong, 'see docs/glossary.md, "Not these words"').toEqual([])
  })

  it('are found where they are banned', () => {
    expect(asWords('const previewWaitsInLane = un_placed')).toBe(
      'const preview waits in lane = un placed',
    )
    const found = ['foreseeWait', 'so many orders', 'inLane', '接管订单'].map((text) =>
      banned.some(({ words }) => words.test(asWords(text))),
    )
    expect(found).toEqual([true, true, true, true])
  })
})
