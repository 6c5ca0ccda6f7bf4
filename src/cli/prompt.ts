import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'

export interface PromptOptions {
  /** What is typed is not shown. */
  readonly hidden?: boolean
}

/** Asks the person, and resolves with the line typed; null at the end of input. */
export type Prompt = (question: string, options?: PromptOptions) => Promise<string | null>

interface Person {
  readonly input: NodeJS.ReadableStream
  /** Where a question and its answer are shown. */
  readonly screen: { readonly columns?: number; write(text: string): unknown }
}

/** Lines that come before they are asked for, such as several pasted at once, answer what is asked next. */
export function createPrompt(person: Person): Prompt {
  const ahead: string[] = []
  let begun = ''
  return async (question, { hidden = false } = {}) => {
    const { screen } = person
    if (ahead.length === 0) {
      const typed = await typedLines({ ...person, question, hidden, begun })
      ahead.push(...typed.lines)
      begun = typed.begun
    } else screen.write(`${question}${hidden ? '' : ahead[0]}\n`)
    return ahead.shift() ?? null
  }
}

interface Asked extends Person {
  readonly question: string
  readonly hidden: boolean
  /** The beginning of the answer, typed before it was asked for. */
  readonly begun: string
}

/** The answer first. No line at all: the input has ended. */
function typedLines(
  asked: Asked,
): Promise<{ readonly lines: readonly string[]; readonly begun: string }> {
  const { input, screen, hidden } = asked
  const typed: string[] = []
  // What comes after the answer may belong to a question that hides it.
  const isShown = () => !hidden && typed.length === 0
  const output = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        if (isShown()) screen.write(String(chunk))
        done()
      },
    }),
    { columns: screen.columns },
  )
  const lines = createInterface({ input, output, terminal: true, historySize: 0 })
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      typed.push(line)
      // Not at once: the rest of what was pasted with it comes first, and would be lost.
      if (typed.length === 1) setImmediate(() => lines.close())
    })
    lines.once('close', () => {
      if (hidden || typed.length === 0) screen.write('\n')
      resolve({ lines: typed, begun: typed.length === 0 ? '' : lines.line })
    })
    showQuestion(lines, asked)
  })
}

function showQuestion(lines: Interface, { screen, question, hidden, begun }: Asked): void {
  if (hidden) screen.write(question)
  lines.setPrompt(hidden ? '' : question)
  lines.prompt()
  if (begun !== '') lines.write(begun)
}
