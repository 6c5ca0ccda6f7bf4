import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { parseAst } from 'vitest/node'

/** An English text in the source, with `{}` for what is put into it. */
export interface Sentence {
  /** `src/domain/decide.ts:91` */
  readonly place: string
  readonly skeleton: string
}

/**
 * What looks like a sentence in these files under `src/`, but for what no user ever reads.
 * @param named only what is given such a name, as a member or a variable.
 */
export function sentencesIn(
  root: string,
  isWanted: (path: string) => boolean,
  named: readonly string[] | null = null,
): Sentence[] {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter(isWanted)
    .flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      const texts: Text[] = []
      const lang = path.endsWith('x') ? 'tsx' : 'ts'
      const program = parseAst(text, { lang }) as unknown as Node
      for (const node of named === null ? [program] : nodesNamed(program, named))
        collect(node, texts)
      return texts
        .filter(({ skeleton }) => looksLikeSentence(skeleton))
        .map(({ skeleton, start }) => ({
          place: `${path}:${text.slice(0, start).split('\n').length}`,
          skeleton,
        }))
    })
}

interface Text {
  readonly skeleton: string
  readonly start: number
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [member: string]: unknown
}

/** Two words, or one that begins like a sentence and stands by itself. */
function looksLikeSentence(skeleton: string): boolean {
  const words = skeleton.replaceAll('{}', ' ').trim()
  return (
    /[a-z]{2}[,;:]? +["(“]?[A-Za-z]/.test(words) || /\{\} [a-z]{2}|[a-z]{2} \{\}/.test(skeleton)
  )
}

/** The texts within these calls are for developers, for the log, or for the program's documents. */
const calls = new Set([
  'assert',
  'AssertionError',
  'emit',
  'register',
  'documented',
  'guarded',
  'moment',
  'emitWarning',
  'on',
  'TypeError',
  'WrongRequest',
  'checkedKey',
])
const members = new Set(['schema', 'response', 'description', 'headers'])

function collect(node: Node, texts: Text[]): void {
  if (isUnread(node)) return
  const skeleton = skeletonOf(node)
  if (skeleton !== null) texts.push({ skeleton, start: node.start })
  for (const child of Object.values(node).flat()) {
    if (!isNode(child)) continue
    // What was put together is one text; what is put into it is another.
    if (skeleton !== null && skeletonOf(child) !== null && node.type === 'BinaryExpression')
      continue
    collect(child, texts)
  }
}

function isUnread(node: Node): boolean {
  if (node.type === 'TaggedTemplateExpression' || node.type.startsWith('TS')) {
    return node.type === 'TaggedTemplateExpression' || isTypeAlone(node)
  }
  if (node.type === 'ImportDeclaration') return true
  if (node.type === 'CallExpression' || node.type === 'NewExpression') {
    return calls.has(nameOf(node.callee) ?? '')
  }
  return node.type === 'Property' && members.has(nameOf(node.key) ?? '')
}

function nodesNamed(node: Node, names: readonly string[]): readonly Node[] {
  const [name, value] =
    node.type === 'VariableDeclarator' ? [node.id, node.init] : [node.key, node.value]
  if (isNode(value) && names.includes(nameOf(name) ?? '')) return [value]
  return Object.values(node)
    .flat()
    .filter(isNode)
    .flatMap((child) => nodesNamed(child, names))
}

/** `as const` and `satisfies` hold a value. */
function isTypeAlone({ type }: Node): boolean {
  return type !== 'TSAsExpression' && type !== 'TSSatisfiesExpression'
}

function nameOf(node: unknown): string | null {
  if (!isNode(node)) return null
  if (node.type === 'MemberExpression') return nameOf(node.property)
  if (node.type === 'Identifier') return String(node.name)
  return node.type === 'Literal' ? String(node.value) : null
}

/** Of a text, a template, or several of them put together; null for anything else. */
function skeletonOf(node: Node): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null
  if (node.type === 'TemplateLiteral') {
    const quasis = node.quasis as readonly { readonly value: { readonly cooked: string } }[]
    return quasis.map(({ value }) => value.cooked).join('{}')
  }
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return null
  const [left, right] = [node.left, node.right].map((side) =>
    isNode(side) ? skeletonOf(side) : null,
  )
  return left == null || right == null ? null : left + right
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}
