import { resolve } from 'node:path'
import { givenValue } from '../../config/environment.ts'
import { ConfigError } from '../../config/fault.ts'
import { anchorUrl } from '../../config/paths.ts'
import type { CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { acceptAnswer, certificateBeside } from './accept.ts'
import type { Answers } from './draft.ts'
import { type KeyPrompt, prompts } from './prompts.ts'
import { initWordsOf } from './words.ts'

type Ask = NonNullable<Terminal['prompt']>

/** The options of the command, by the names that commander gives them. */
type Options = Readonly<Record<string, unknown>>

/**
 * Every answer: given by options or the environment, or typed, or the usual one. Throws ConfigError
 * for what was given wrong, and for what is missing where nobody is there to ask.
 * @param given.home the folder of the file that is written.
 */
export async function interview(
  context: CommandContext,
  { options, home }: { readonly options: Options; readonly home: string },
): Promise<Answers> {
  const answers = givenAnswers(context.terminal.env, options)
  const { prompt: ask } = context.terminal
  if (ask === undefined) takeUsual(answers, home)
  else await promptRest(context, { ask, answers, home })
  return home === process.cwd() ? answers : anchored(answers)
}

/** What was typed is relative to the working directory, and the file lies elsewhere. */
function anchored(answers: Answers): Answers {
  return new Map([...answers].map(([path, value]) => [path, anchorAnswer(path, value)]))
}

function anchorAnswer(path: string, value: string): string {
  if (/^wechat\.\w+_path$/.test(path)) return resolve(value)
  return path === 'database.url' ? anchorUrl(value, process.cwd()) : value
}

function givenAnswers(env: NodeJS.ProcessEnv, options: Options): Map<string, string> {
  const answers = new Map<string, string>()
  const faults: string[] = []
  for (const { path, option } of prompts) {
    const fromOption = option === null ? undefined : options[camelCase(option)]
    const given =
      typeof fromOption === 'string'
        ? { kind: 'value' as const, value: fromOption, name: option }
        : givenValue(envNameOf(path), env)
    if (given === null) continue
    const accepted =
      given.kind === 'fault' ? given : acceptAnswer(path, given.value.trim(), answers)
    if (accepted.kind === 'value') answers.set(path, accepted.value)
    else faults.push(given.kind === 'fault' ? given.fault : `${given.name}: ${accepted.fault}`)
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return answers
}

function takeUsual(answers: Map<string, string>, home: string): void {
  const missing: string[] = []
  for (const question of prompts) {
    if (answers.has(question.path)) continue
    const usual = question.usual(answers, home)
    if (usual !== null) answers.set(question.path, usual)
    else if (question.isNeeded(answers)) missing.push(missingText(question))
  }
  if (missing.length > 0) throw new ConfigError(missing)
}

function missingText({ path, option }: KeyPrompt): string {
  return option === null
    ? `${envNameOf(path)}: not set, and nobody is there to ask`
    : `${option}: not given (nor is ${envNameOf(path)}), and nobody is there to ask`
}

async function promptRest(
  context: CommandContext,
  { ask, answers, home }: { ask: Ask; answers: Map<string, string>; home: string },
): Promise<void> {
  const { output, locale } = context
  const words = initWordsOf(locale)
  for (const line of words.intro) output.note(line)
  for (const question of prompts) {
    const { path } = question
    if (answers.has(path) || !question.isAsked(answers)) continue
    const answer = await promptFor(context, { ask, question, answers, home })
    if (answer !== null) answers.set(path, answer)
  }
}

/** Again and again until the answer is right; null where it was left out. */
async function promptFor(
  { output, locale }: CommandContext,
  given: { ask: Ask; question: KeyPrompt; answers: Answers; home: string },
): Promise<string | null> {
  const { ask, question, answers, home } = given
  const words = initWordsOf(locale)
  const { path, isSecret } = question
  const { title = path, where = [] } = words.questions[path] ?? {}
  const usual = question.usual(answers, home)
  const offered = usual ?? question.offered(answers)
  output.note('')
  output.note(title, output.colors.bold)
  for (const line of [...where, ...certificateNote(question, { answers, locale })]) {
    output.note(`  ${line}`)
  }
  const isNeeded = question.isNeeded(answers)
  const prompt = `${path}${hintOf(question, { offered, isNeeded, words })}: `
  for (;;) {
    const typed = await ask(prompt, { hidden: isSecret })
    if (typed === null) throw new CommandError('Nothing was written: the questions were ended')
    const answer = typed.trim() === '' ? offered : typed.trim()
    if (answer === null && !isNeeded) return null
    if (answer === null) output.note(`${path}: ${words.needed}`)
    else {
      const accepted = acceptAnswer(path, answer, answers)
      if (accepted.kind === 'value') return accepted.value
      output.note(`${path}: ${accepted.fault}`)
    }
  }
}

/** What Enter takes, and whether anything is seen of what is typed. */
function hintOf(
  { isSecret }: KeyPrompt,
  given: { offered: string | null; isNeeded: boolean; words: ReturnType<typeof initWordsOf> },
): string {
  const { offered, isNeeded, words } = given
  if (isSecret) return `${offered === null ? '' : words.generated}${words.hidden}`
  if (offered !== null) return words.proposal(offered)
  return isNeeded ? '' : words.optional
}

/** Of the serial number that stands in brackets: where it is from, or why there is none. */
function certificateNote(
  { path }: KeyPrompt,
  { answers, locale }: { answers: Answers; locale: CommandContext['locale'] },
): readonly string[] {
  const beside = path === 'wechat.serial_no' ? certificateBeside(answers) : null
  if (beside === null) return []
  const words = initWordsOf(locale)
  return [beside.isOurs ? words.readFrom(beside.path) : words.otherCertificate(beside.path)]
}

function envNameOf(path: string): string {
  return path.replace('.', '_').toUpperCase()
}

function camelCase(option: string): string {
  return option.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
