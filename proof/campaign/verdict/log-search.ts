import { readFile } from 'node:fs/promises'

export interface LogFacts {
  readonly lines: number
  /** Error-level lines by message. */
  readonly errors: Readonly<Record<string, number>>
  /** Lines that budan should never write, shortened. */
  readonly unexpected: readonly string[]
  /** How many secrets and whole openids of payers were found. */
  readonly secrets: number
}

/**
 * A start that fails because the database is down prints plain text; all other lines are JSON. The
 * lines of a killed node are whole, because each is one write to a file.
 */
const expectedPlain = /^Cannot [a-z ]+.*: /

/** Signs of a bug, the messages of violated schema constraints (I1 to I6) included. */
const mistakes =
  /uncaught|unhandled|TypeError|ReferenceError|RangeError|AssertionError|assert|\bI[1-9]:|violates|Cannot read propert|is not a function|MaxListeners|deprecat/i

export async function searchLogs(
  files: readonly string[],
  secrets: readonly string[],
): Promise<LogFacts> {
  const errors: Record<string, number> = {}
  const unexpected: string[] = []
  let lines = 0
  let found = 0
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '')
    for (const secret of secrets) found += secret === '' ? 0 : text.split(secret).length - 1
    found += text.match(/oSim\d{24}/g)?.length ?? 0
    for (const line of text.split('\n').filter((each) => each !== '')) {
      lines += 1
      const read = readLine(line)
      if (read.kind === 'error') errors[read.message] = (errors[read.message] ?? 0) + 1
      if (read.kind === 'unexpected' || mistakes.test(line)) unexpected.push(line.slice(0, 300))
    }
  }
  return { lines, errors, unexpected, secrets: found }
}

type ReadLine =
  | { readonly kind: 'fine' | 'unexpected' }
  | { readonly kind: 'error'; readonly message: string }

function readLine(line: string): ReadLine {
  if (!line.startsWith('{')) return { kind: expectedPlain.test(line) ? 'fine' : 'unexpected' }
  try {
    const { level, msg } = JSON.parse(line)
    if (level === 'fatal') return { kind: 'unexpected' }
    return level === 'error' ? { kind: 'error', message: String(msg) } : { kind: 'fine' }
  } catch {
    return { kind: 'unexpected' }
  }
}
