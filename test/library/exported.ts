import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseAst } from 'vitest/node'

/** What an embedder can import or call, and whether it says what it does. */
export interface Exported {
  /** `Budan.placeOrder in src/service.ts` */
  readonly place: string
  readonly isDocumented: boolean
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [member: string]: unknown
}

/**
 * Every name that `src/index.ts` exports, and every function that a value of it has: methods of
 * interfaces and classes, and members whose type is a function.
 */
export function exportedOf(root: string): readonly Exported[] {
  const { nodes } = read(join(root, 'src/index.ts'))
  return nodes.flatMap((node) => {
    if (node.source === null || node.source === undefined) return []
    const source = String((node.source as Node).value)
    const file =
      source === 'budan-simulator'
        ? join(root, 'packages/simulator/src/index.ts')
        : join(root, 'src', source)
    const specifiers = (node.specifiers ?? []) as readonly Node[]
    const names =
      node.type === 'ExportAllDeclaration'
        ? null
        : specifiers.map((each) => String((each.local as Node).name))
    return declarationsIn(file, names).flatMap((each) => describe(each, root))
  })
}

interface Declaration {
  readonly file: string
  readonly text: string
  readonly name: string
  /** Of the whole statement, where its comment ends. */
  readonly start: number
  readonly node: Node
}

/** Null: all that the file exports. */
function declarationsIn(file: string, names: readonly string[] | null): readonly Declaration[] {
  const { text, nodes } = read(file)
  return nodes.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration') return []
    if (isNode(node.source)) {
      // Passed on from another file, such as the simulator's.
      const specifiers = (node.specifiers as readonly Node[]).map((each) => each.local as Node)
      const passed = specifiers.map(({ name }) => String(name))
      const wanted = passed.filter((name) => names === null || names.includes(name))
      const target = join(dirname(file), String((node.source as Node).value))
      return wanted.length === 0 ? [] : declarationsIn(target, wanted)
    }
    const declaration = node.declaration as Node | null
    if (!isNode(declaration)) return []
    const name = nameOf(declaration)
    return names === null || names.includes(name)
      ? [{ file, text, name, start: node.start, node: declaration }]
      : []
  })
}

function describe(declaration: Declaration, root: string): readonly Exported[] {
  const { file, text, name, start, node } = declaration
  const where = ` in ${relative(root, file)}`
  const body = node.body as Node | undefined
  const members = Array.isArray(body?.body) ? (body.body as readonly Node[]) : []
  return [
    { place: name + where, isDocumented: hasComment(text, start) },
    ...members.filter(isCalled).map((member) => ({
      place: `${name}.${nameOf(member)}${where}`,
      isDocumented: hasComment(text, member.start),
    })),
  ]
}

function isCalled(member: Node): boolean {
  if (member.type === 'TSMethodSignature') return true
  if (member.type === 'MethodDefinition') return member.kind === 'method' && !isPrivate(member)
  const annotation = member.typeAnnotation as Node | null | undefined
  const type = annotation?.typeAnnotation as Node | undefined
  return member.type === 'TSPropertySignature' && type?.type === 'TSFunctionType'
}

function isPrivate(member: Node): boolean {
  return (member.key as Node).type === 'PrivateIdentifier'
}

function nameOf(node: Node): string {
  const declarations = node.declarations as readonly Node[] | undefined
  const id = (node.id ?? node.key ?? declarations?.[0]?.id) as Node | undefined
  return String(id?.name ?? '')
}

function hasComment(text: string, start: number): boolean {
  return /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.test(text.slice(0, start))
}

function read(file: string): { readonly text: string; readonly nodes: readonly Node[] } {
  const text = readFileSync(file, 'utf8')
  const program = parseAst(text, { lang: 'ts' }) as unknown as { readonly body: readonly Node[] }
  return { text, nodes: program.body }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}
