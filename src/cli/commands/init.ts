import { dirname, resolve } from 'node:path'
import { ConfigError } from '../../config/fault.ts'
import { loadConfig } from '../../config/load.ts'
import { assert } from '../../domain/assert.ts'
import type { Command, CommandContext } from '../context.ts'
import type { Finding } from '../doctor/finding.ts'
import { examineGateway } from '../doctor/gateway.ts'
import { examinedMerchants } from '../doctor/merchant.ts'
import { nextSteps, redacted, showFindings } from '../doctor/show.ts'
import { CommandError } from '../failure.ts'
import { draftConfiguration } from '../init/draft.ts'
import { interview } from '../init/interview.ts'
import { offerSource } from '../init/source.ts'
import { initWordsOf } from '../init/words.ts'
import { examineTarget, writeConfiguration } from '../init/write.ts'
import { shellWord } from '../terminal/shells.ts'

const usualFile = './budan.yaml'

/**
 * Prompts for what budan needs, and writes it with a comment for each key. Exits with 1 when the person
 * ends the prompts, and when the gateway does not take the keys; in the latter case the file is written.
 */
export const init: Command = async (context, { options }) => {
  const { output, locale } = context
  const file = context.file ?? usualFile
  const words = initWordsOf(locale)
  const overwrite = await mayOverwrite(context, { file, force: options.force === true })
  const answers = await interview(context, { options, home: resolve(dirname(file)) })
  const sources = await offerSource(context)
  writeConfiguration(file, { text: draftConfiguration(answers, locale) + sources, overwrite })
  if (!output.asJson) output.line(words.wrote(file))
  output.note(words.secrets)
  const findings = await checkGateway(context, { file, check: options.check === true })
  const failed = findings?.some(({ status }) => status === 'fail') ?? false
  if (output.asJson) {
    output.json({ config: file, checks: findings, next_steps: nextSteps(findings ?? []) })
  } else if (findings !== null) showFindings(context, findings)
  output.note(words.next(file === usualFile ? '' : ` --config ${shellWord(file)}`))
  return failed ? 1 : 0
}

/** False: the file does not exist. Throws when it exists and is not to be overwritten. */
async function mayOverwrite(
  { terminal, locale }: CommandContext,
  { file, force }: { readonly file: string; readonly force: boolean },
): Promise<boolean> {
  if (examineTarget(file) === 'absent') return false
  if (force) return true
  if (terminal.prompt === undefined) {
    throw new ConfigError([`${file}: is there already: give --force to overwrite it`])
  }
  const words = initWordsOf(locale)
  const typed = await terminal.prompt(words.overwrite(file))
  if (words.yes.includes(typed?.trim().toLowerCase() ?? '')) return true
  throw new CommandError('Nothing was written: the file stays as it is')
}

/** Checks the gateway with the written file, as doctor does. Null: the person declined. */
async function checkGateway(
  { terminal, locale }: CommandContext,
  { file, check }: { readonly file: string; readonly check: boolean },
): Promise<readonly Finding[] | null> {
  const config = loadConfig({ file, env: terminal.env, need: 'serve' })
  terminal.learn(config)
  const words = initWordsOf(locale)
  // The file that was just written has the section `wechat`.
  const [merchant] = examinedMerchants(config, [])
  assert(merchant !== undefined, 'Cannot check the gateway: the configuration has no merchant')
  const typed = check ? '' : await terminal.prompt?.(words.checkNow(merchant.wechat.baseUrl))
  const isWanted = typed?.trim() === '' || words.yes.includes(typed?.trim().toLowerCase() ?? '')
  return isWanted ? redacted(await examineGateway(merchant), terminal.redact) : null
}
