import { Alerts } from '../../alerts/alerts.ts'
import { type Verified, verifyCredits } from '../../audit/verify.ts'
import type { MerchantConfig } from '../../config/config.ts'
import { ConfigError } from '../../config/fault.ts'
import { wordReaders } from '../../desk.ts'
import { systemClock } from '../../domain/clock.ts'
import type { Event } from '../../domain/event.ts'
import { brokenIn } from '../../domain/ledger/audit.ts'
import { ProofKeys } from '../../proof/keys.ts'
import { type Audited, auditWithOrders } from '../../store/audited.ts'
import type { AuditedOrder } from '../../store/proofs/proof-store.ts'
import type { Store } from '../../store/store.ts'
import { sealOldByHand } from '../audit/seal-old.ts'
import type { Command, CommandContext } from '../context.ts'
import { withStore } from '../reader.ts'
import { keepHeapSmall } from '../small-heap.ts'
import { createProgress } from '../terminal/progress.ts'
import { type AuditCount, commandWords } from '../words.ts'

/**
 * Counts violations of each invariant; with `--verify`, it verifies the proof of each credit as well. Exits
 * with 1 unless every count is 0, but for `unproven_old`. With `--seal-old` it seals, and counts nothing.
 */
export const audit: Command = async (context, { options }) => {
  if (options.sealOld === true) return sealOldByHand(context, { options })
  if (options.yes === true) throw new ConfigError(['--yes: needs --seal-old'])
  const { output } = context
  if (options.verify === true) keepHeapSmall()
  const { audited, verified } = await withStore(context, async (store) => ({
    audited: await auditWithOrders(store),
    verified: options.verify === true ? await verify(context, store) : null,
  }))
  if (verified !== null) noteCount(context, verified)
  const counts = { ...audited.counts, ...(verified && countsOf(verified)) }
  const isBroken = brokenIn(counts).length > 0
  if (isBroken) await notify(context, counts)
  if (output.asJson) output.json(counts)
  else {
    show(context, counts)
    const rows = listed(audited, verified).map(([name, { orderNo, merchant }]) => [
      ...[name, orderNo, merchant?.mchid ?? null],
    ])
    if (rows.length > 0) output.table(['invariant', 'order_no', 'mchid'], rows)
    if (isBroken)
      output.note('The books do not agree: look at these orders before anything is paid out.')
  }
  return isBroken ? 1 : 0
}

/** An audit that is made each night by itself has no reader. */
async function notify(
  context: CommandContext,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const { alerts: configs = [] } = context.config('database')
  const alerts = new Alerts({ configs, clock: systemClock, emit: noteFailure })
  alerts.receive({ type: 'audit_made', counts })
  await alerts.end()
  function noteFailure(event: Event) {
    if (event.type !== 'robot_failing') return
    const reason = context.terminal.redact(event.reason)
    context.output.note(`Cannot notify "${event.robot}" of it: ${reason}`)
  }
}

async function verify(context: CommandContext, store: Store): Promise<Verified> {
  const { proof } = context.config('database')
  const progress = createProgress(context.terminal)
  const { sequences } = await store.proofCounts()
  const total = sequences.reduce((sum, { credits }) => sum + credits, 0)
  progress.stage(total === 1 ? 'Verifying 1 credit' : `Verifying ${total} credits`, total)
  try {
    return await verifyCredits(store, {
      keys: new ProofKeys(proof.keys),
      readWords: wordReaders(merchantsIn(context)),
      onProgress: (verified) => progress.progress(verified),
    })
  } finally {
    progress.end()
  }
}

/** Kept elsewhere, it shows that former counts were put back. */
function noteCount({ output }: CommandContext, { credits }: Verified): void {
  output.note(
    credits === 1
      ? '1 credit was verified: this number never falls, so keep it elsewhere and compare'
      : `${credits} credits were verified: this number never falls, so keep it elsewhere and compare`,
  )
}

/** Without the merchants' keys, the proofs are verified by those that were kept with them. */
function merchantsIn({ config }: CommandContext): readonly MerchantConfig[] {
  try {
    return config('gateway').merchants
  } catch (error) {
    if (error instanceof ConfigError) return []
    throw error
  }
}

function countsOf({ unproven, unverifiable, unprovenOld }: Verified) {
  return { unproven, unverifiable, unproven_old: unprovenOld }
}

function listed(
  audited: Audited,
  verified: Verified | null,
): readonly (readonly [name: string, order: AuditedOrder])[] {
  const all = { ...audited.orders, ...verified?.orders }
  return Object.entries(all).flatMap(([name, orders]) =>
    orders.map((order) => [name, order] as const),
  )
}

function show(
  { output, terminal, locale }: CommandContext,
  counts: Readonly<Partial<Record<AuditCount, number>>>,
): void {
  const rows = Object.entries(counts) as [AuditCount, number][]
  // One name and count on each line, for scripts that do not read JSON.
  if (!terminal.isInteractive) for (const [name, count] of rows) output.line(`${name}=${count}`)
  else {
    output.table(
      ['invariant', 'count', 'meaning'],
      rows.map(([name, count]) => [
        name,
        { text: String(count), tone: toneOf(name, count) },
        commandWords(locale).counted[name],
      ]),
    )
  }
}

function toneOf(name: string, count: number): 'green' | 'red' | 'dim' {
  if (name === 'unproven_old') return 'dim'
  return count === 0 ? 'green' : 'red'
}
