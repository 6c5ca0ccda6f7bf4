import { resolve } from 'node:path'
import { givenValue } from '../../config/environment.ts'
import { ConfigError } from '../../config/fault.ts'
import { anchorUrl } from '../../config/paths.ts'
import type { CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import type { Prompt } from '../terminal/prompt.ts'
import { acceptAnswer, certificateBeside } from './accept.ts'
import type { Answers } from './draft.ts'
import { type KeyPrompt, prompts } from './prompts.ts'
import { initWordsOf } from './words.ts'

type Options = Readonly<Record<string, unknown>>

/**
 * Every answer, from options or the environment, from a prompt, or the default. Throws ConfigError for a
 * wrong option or variable, and without a terminal for a missing one.
 * @param given.home the folder of the file that is written.
 */
export async function interview(
  context: CommandContext,
  { options, home }: { readonly options: Options; readonly home: string },
): Promise<Answers> {
  const answers = givenAnswers(context.terminal.env, options)
  const { prompt } = context.terminal
  if (prompt === undefined) takeDefaults(answers, home)
  else await promptRest(context, { prompt, answers, home })
  return home === process.cwd() ? answers : anchored(answers)
}

/** Makes paths absolute: they are relative to the working directory, and the file is elsewhere. */
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

function takeDefaults(answers: Map<string, string>, home: string): void {
  const missing: string[] = []
  for (const key of prompts) {
    if (answers.has(key.path)) continue
    const value = key.defaultOf(answers, home)
    if (value !== null) answers.set(key.path, value)
    else if (key.isNeeded(answers)) missing.push(missingText(key))
  }
  if (missing.length > 0) throw new ConfigError(missing)
}

function missingText({ path, option }: KeyPrompt): string {
  return option === null
    ? `${envNameOf(path)}: not set, and there is no terminal to prompt on`
    : `${option}: not given (nor is ${envNameOf(path)}), and there is no terminal to prompt on`
}

async function promptRest(
  context: CommandContext,
  { prompt, answers, home }: { prompt: Prompt; answers: Map<string, string>; home: string },
): Promise<void> {
  const { output, locale } = context
  const words = initWordsOf(locale)
  for (const line of words.intro) output.note(line)
  for (const key of prompts) {
    const { path } = key
    if (answers.has(path) || !key.isPrompted(answers)) continue
    const answer = await promptFor(context, { prompt, key, answers, home })
    if (answer !== null) answers.set(path, answer)
  }
}

/** Prompts until the answer is accepted. Null: an optional answer was left out. */
async function promptFor(
  { output, locale }: CommandContext,
  given: { prompt: Prompt; key: KeyPrompt; answers: Answers; home: string },
): Promise<string | null> {
  const { prompt, key, answers, home } = given
  const words = initWordsOf(locale)
  const { path, isSecret } = key
  const { title = path, where = [] } = words.prompts[path] ?? {}
  const offered = key.defaultOf(answers, home) ?? key.offered(answers)
  output.note('')
  output.note(title, output.colors.bold)
  for (const line of [...where, ...certificateNote(key, { answers, locale })]) {
    output.note(`  ${line}`)
  }
  const isNeeded = key.isNeeded(answers)
  const text = `${path}${hintOf(key, { offered, isNeeded, words })}: `
  for (;;) {
    const typed = await prompt(text, { hidden: isSecret })
    if (typed === null) throw new CommandError('Nothing was written: the prompts were ended')
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

/** What Enter accepts, and whether the typed text is shown. */
function hintOf(
  { isSecret }: KeyPrompt,
  given: { offered: string | null; isNeeded: boolean; words: ReturnType<typeof initWordsOf> },
): string {
  const { offered, isNeeded, words } = given
  if (isSecret) return `${offered === null ? '' : words.generated}${words.hidden}`
  if (offered !== null) return words.proposal(offered)
  return isNeeded ? '' : words.optional
}

/** The source of the serial number in brackets, or the reason why there is none. */
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
