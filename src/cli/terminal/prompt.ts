import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'

export interface PromptOptions {
  /** The typed text is not shown. */
  readonly hidden?: boolean
}

/** Shows the text and resolves with the line that the person types; null at the end of input. */
export type Prompt = (text: string, options?: PromptOptions) => Promise<string | null>

interface Person {
  readonly input: NodeJS.ReadableStream
  /** Shows the prompt and the answer. */
  readonly screen: { readonly columns?: number; write(text: string): unknown }
}

/** Lines that are typed ahead, such as several pasted at once, answer the next prompts. */
export function createPrompt(person: Person): Prompt {
  const ahead: string[] = []
  let begun = ''
  return async (text, { hidden = false } = {}) => {
    const { screen } = person
    if (ahead.length === 0) {
      const typed = await typedLines({ ...person, text, hidden, begun })
      ahead.push(...typed.lines)
      begun = typed.begun
    } else screen.write(`${text}${hidden ? '' : ahead[0]}\n`)
    return ahead.shift() ?? null
  }
}

interface PromptRequest extends Person {
  readonly text: string
  readonly hidden: boolean
  /** The beginning of the answer, typed before the prompt. */
  readonly begun: string
}

/** The typed lines, the answer first. Without any line, the input has ended. */
function typedLines(
  request: PromptRequest,
): Promise<{ readonly lines: readonly string[]; readonly begun: string }> {
  const { input, screen, hidden } = request
  const typed: string[] = []
  // Lines after the answer may belong to a hidden prompt.
  const isShown = () => !hidden && typed.length === 0
  const output = Object.assign(
    new Writable({
      write: (bytes, _encoding, done) => {
        if (isShown()) screen.write(String(bytes))
        done()
      },
    }),
    { columns: screen.columns },
  )
  const lines = createInterface({ input, output, terminal: true, historySize: 0 })
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      typed.push(line)
      // Later, so that the other lines that were pasted with it are read and not lost.
      if (typed.length === 1) setImmediate(() => lines.close())
    })
    lines.once('close', () => {
      if (hidden || typed.length === 0) screen.write('\n')
      resolve({ lines: typed, begun: typed.length === 0 ? '' : lines.line })
    })
    showPrompt(lines, request)
  })
}

function showPrompt(lines: Interface, { screen, text, hidden, begun }: PromptRequest): void {
  if (hidden) screen.write(text)
  lines.setPrompt(hidden ? '' : text)
  lines.prompt()
  if (begun !== '') lines.write(begun)
}
