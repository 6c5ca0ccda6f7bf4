import { type OldSealed, sealOld } from '../../audit/seal-old.ts'
import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/fault.ts'
import { redactorOf, secretsOf } from '../../config/redact.ts'
import type { Store } from '../../store/store.ts'
import { createLog, logEvents } from '../../telemetry/log.ts'
import { shanghaiTime } from '../../text/shanghai-time.ts'
import { localActor } from '../actor.ts'
import type { CommandContext, CommandInput } from '../context.ts'
import { withStore } from '../reader.ts'
import type { ExitCode } from '../terminal/terminal.ts'

/**
 * `audit --seal-old`: seals orders and credits without a seal, which nodes of a version before proofs have
 * left. Whatever is there is believed, so somebody has to confirm it. Exits with 1 when nobody did, or when
 * it was stopped.
 */
export async function sealOldByHand(
  context: CommandContext,
  { options }: Pick<CommandInput, 'options'>,
): Promise<ExitCode> {
  const { terminal, output } = context
  const config = context.config('database')
  if (config.proof.keys.length === 0) {
    throw new ConfigError([
      'proof.keys: not set, and no key was made here: --seal-old needs the key of the nodes',
    ])
  }
  if (options.yes !== true && !(await isTyped(context))) {
    output.note(
      terminal.prompt === undefined
        ? 'Nothing was changed: give --yes to carry it out.'
        : 'Nothing was changed: the word was not typed.',
    )
    return 1
  }
  const done = await withStore(context, (store) => sealed(context, { store, config }), {
    proofKeys: config.proof.keys,
  })
  if (done === null) {
    output.note('Stopped by a signal: run the same command again, and it seals the rest.')
    return 1
  }
  const { orders, credits, until } = done
  if (output.asJson) output.json({ orders, credits, until: until.toISOString() })
  else output.line(`sealed orders=${orders} credits=${credits} until=${shanghaiTime(until)}`)
  return 0
}

/** The word is the same in every language. */
async function isTyped({ terminal: { prompt }, output }: CommandContext): Promise<boolean> {
  if (prompt === undefined) return false
  output.note(
    'What has no seal is believed as it is now: look at what `budan audit --verify` counts first.',
  )
  const typed = await prompt(`${output.say('To seal it, type seal:')} `)
  return typed?.trim() === 'seal'
}

type Done = (NonNullable<OldSealed> & { readonly until: Date }) | null

async function sealed(
  { terminal }: CommandContext,
  { store, config }: { readonly store: Store; readonly config: Config },
): Promise<Done> {
  const stopped = new AbortController()
  void terminal.stopRequested().then(() => stopped.abort())
  // Before: of what comes later, some may not be seen.
  const until = await store.now()
  const counts = await sealOld({ store, signal: stopped.signal })
  if (counts === null) return null
  const emit = logEvents(createLog(config.log), redactorOf(secretsOf(config)))
  emit({ type: 'proofs_begun', ...counts, actor: localActor().name })
  return { ...counts, until }
}
