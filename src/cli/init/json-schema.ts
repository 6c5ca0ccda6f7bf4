import { z } from 'zod'
import { configLists } from '../../config/filling/lists.ts'
import { merchantFileKeys } from '../../config/merchants/merchant-schema.ts'
import { configSchema } from '../../config/schema.ts'
import { fileWordsOf } from './comments.ts'

/** What an item must have in the file. The rest may come from another file, or from the environment. */
const requiredIn: Readonly<Record<string, readonly string[]>> = {
  alerts: ['kind'],
  webhooks: ['name'],
  'proof.keys': ['id'],
}

type Node = Record<string, unknown>

/**
 * The JSON Schema of a configuration file, for editors: keys, words to choose from, defaults and the
 * comments of the example. What the program checks beyond that, it says at the start.
 * `config.schema.json` holds it.
 */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.enum === undefined) toScalar(jsonSchema)
      jsonSchema.default = typed(jsonSchema.default)
    },
  }) as Node
  const sections = propertiesOf(schema)
  describe(schema, [])
  allow(sections.wechat, merchantFileKeys)
  for (const { path, filled } of configLists) {
    const item = itemsOf(path.reduce<Node>((node, key) => propertiesOf(node)[key] ?? {}, schema))
    allow(item, filled)
    const required = requiredIn[path.join('.')]
    if (required !== undefined) item.required = required
  }
  // A preset fills in the rest.
  eachMapping(itemsOf(sections.sources), (mapping) => {
    delete mapping.required
  })
  const { $schema, ...rest } = schema
  return { $schema, title: 'budan.yaml', ...rest }
}

/** Values are read as text, so a number and `true` are as good as their texts. */
function toScalar(node: Node): void {
  if (node.type === 'string' || node.type === undefined) {
    const isBare = ['anyOf', 'properties', 'items', '$ref'].every((key) => node[key] === undefined)
    if (isBare) node.type = ['string', 'number', 'boolean']
  }
}

function typed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(typed)
  if (value === 'true' || value === 'false') return value === 'true'
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
}

function describe(node: Node, path: readonly string[]): void {
  const { keys } = fileWordsOf('en')
  const [section, ...rest] = path
  const name = section === 'merchants' ? ['wechat', ...rest].join('.') : path.join('.')
  const comment = keys[name]
  if (comment !== undefined) node.description = comment.join(' ')
  for (const [key, child] of Object.entries(propertiesOf(node))) describe(child, [...path, key])
  if (Object.keys(propertiesOf(itemsOf(node))).length > 0) describe(itemsOf(node), path)
}

function allow(mapping: Node | undefined, keys: readonly string[]): void {
  const properties = propertiesOf(mapping)
  for (const key of keys) properties[key] = { type: 'string' }
}

function eachMapping(node: Node, change: (mapping: Node) => void): void {
  if (node.properties !== undefined) change(node)
  for (const child of Object.values(propertiesOf(node))) eachMapping(child, change)
}

function propertiesOf(node: Node | undefined): Record<string, Node> {
  return (node?.properties ?? {}) as Record<string, Node>
}

function itemsOf(node: Node | undefined): Node {
  return (node?.items ?? {}) as Node
}
