import { readFileSync, statSync } from 'node:fs'
import { LineCounter, parseDocument, type YAMLError } from 'yaml'
import { ConfigError, readFailure } from './fault.ts'

/** Sections by name, with their keys. Every scalar is text; nothing else is checked. */
export type ConfigTree = Readonly<Record<string, unknown>>

// The example with all its comments has about 8 KB, and 1,000 merchants whose keys are in files have 300.
// A file larger than this is not a configuration, and may take minutes to be read as one.
const fileBytesMax = 1_000_000

/** Reads a configuration file; throws ConfigError when it cannot be read as YAML. */
export function readConfigFile(file: string): ConfigTree {
  const source = readSource(file)
  const lines = new LineCounter()
  // Failsafe: every scalar stays text, so that a serial number like 5E10 does not become a float.
  const document = parseDocument(source, {
    schema: 'failsafe',
    stringKeys: true,
    prettyErrors: false, // pretty errors quote the line, which may contain a secret
    lineCounter: lines,
    logLevel: 'error',
  })
  const faults = [...document.errors, ...document.warnings].map((error) => {
    const line = lines.linePos(error.pos[0]).line
    return `${file} line ${line}: ${syntaxFault(error, source)}`
  })
  if (faults.length > 0) throw new ConfigError([...new Set(faults)])
  return sectionsOf(file, document)
}

function readSource(file: string): string {
  try {
    if (statSync(file).size > fileBytesMax)
      throw new ConfigError([`${file}: too big for a configuration`])
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const why = error instanceof TypeError ? 'it is not UTF-8 text' : readFailure(error)
    throw new ConfigError([`Cannot read configuration "${file}": ${why}`])
  }
}

function sectionsOf(file: string, document: ReturnType<typeof parseDocument>): ConfigTree {
  let tree: unknown
  try {
    tree = document.toJS()
  } catch {
    throw new ConfigError([`${file}: a value that starts with * must be quoted`])
  }
  if (tree === null || tree === '') return {}
  if (!isMapping(tree)) throw new ConfigError([`${file}: must hold sections, like "server:"`])
  // A section whose keys are all commented out reads as an empty value.
  const sections = Object.entries(tree).map(([name, section]) => [
    name,
    section === '' ? {} : section,
  ])
  return Object.fromEntries(sections)
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of a key; undefined where it is not given, or its section is no mapping. */
export function valueIn(tree: ConfigTree, section: string, key: string): unknown {
  const keys = tree[section]
  return isMapping(keys) ? keys[key] : undefined
}

export function textIn(tree: ConfigTree, section: string, key: string): string | null {
  return textOf(valueIn(tree, section, key))
}

/** Null where the value is no text, which the schema reports, or an empty one. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}

/** Null when a part of the path is not a mapping; the schema reports that. */
export function withValue(
  tree: ConfigTree,
  [key = '', ...rest]: readonly string[],
  value: unknown,
): ConfigTree | null {
  if (rest.length === 0) return { ...tree, [key]: value }
  const held = tree[key] ?? {}
  const inner = isMapping(held) ? withValue(held, rest, value) : null
  return inner === null ? null : { ...tree, [key]: inner }
}

/** Our own message, because the parser's may quote a secret from the source. */
function syntaxFault({ code, pos }: YAMLError, source: string): string {
  const key = code === 'DUPLICATE_KEY' ? /^\w{1,64}/.exec(source.slice(pos[0]))?.[0] : undefined
  if (key !== undefined) return `the key "${key}" is given twice`
  return syntaxFaults[code] ?? `it is not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`
}

const implicitKey = 'wrong indentation, or a value with ": " in it that must be quoted'

const syntaxFaults: Partial<Readonly<Record<YAMLError['code'], string>>> = {
  DUPLICATE_KEY: 'a key is given twice',
  TAB_AS_INDENT: 'a tab is used to indent; YAML takes blanks only',
  MULTIPLE_DOCS: 'a second document starts here; one is all that is read',
  TAG_RESOLVE_FAILED: 'a value that starts with ! must be quoted',
  BAD_SCALAR_START: 'a value that starts with @ or ` must be quoted',
  MISSING_CHAR: 'a closing quote or bracket, or a comma or colon, is missing',
  BAD_DQ_ESCAPE: 'a backslash in double quotes starts no known escape; use single quotes',
  BLOCK_AS_IMPLICIT_KEY: implicitKey,
  MULTILINE_IMPLICIT_KEY: implicitKey,
  NON_STRING_KEY: 'a key is not a plain word',
}

/** The values of the file, some of them replaced by those of the environment. */
export interface Overlay {
  readonly tree: ConfigTree
  /** By path (`server.port`): the environment variable that the value came from. */
  readonly origins: ReadonlyMap<string, string>
  /** Paths whose value is in a file that could not be read. They are not reported as missing. */
  readonly unread: ReadonlySet<string>
  readonly faults: readonly string[]
}
