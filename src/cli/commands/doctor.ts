import pLimit from 'p-limit'
import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/fault.ts'
import { merchantPlaces, proofKeysPlace, secretFiles } from '../../config/load.ts'
import type { ConfigNeed } from '../../config/requirements.ts'
import type { Command, CommandContext } from '../context.ts'
import { examineAlerts } from '../doctor/alerts.ts'
import { configurationFault, examineConfiguration } from '../doctor/configuration.ts'
import { examineDatabase } from '../doctor/database.ts'
import { examineEngine } from '../doctor/engine.ts'
import type { Finding } from '../doctor/finding.ts'
import { examineGateway, examineProxy, type Known } from '../doctor/gateway.ts'
import { examineKeys } from '../doctor/keys.ts'
import { type ExaminedMerchant, examinedMerchants, ofMerchant } from '../doctor/merchant.ts'
import { examineProofKeys } from '../doctor/proof.ts'
import { examineNotifyUrl, examineToken, examineTokens } from '../doctor/server.ts'
import { nextSteps, redacted, showFindings } from '../doctor/show.ts'
import { examineSources } from '../doctor/sources.ts'
import { examineWebhooks } from '../doctor/webhooks.ts'

/**
 * Checks everything that crediting depends on, and changes nothing. Exits with 1 when a check fails, and
 * with 2 when the configuration is not valid.
 */
export const doctor: Command = async (context) => {
  const { config, faults } = tryConfig(context, 'gateway')
  // When only the merchants are wrong, the database can still be checked.
  const usable = config ?? tryConfig(context, 'database').config
  // Concurrently, so that one slow check does not delay the others.
  const database = usable && examineDatabase(usable.database.url, usable.merchants)
  const known = database?.then((examined) => examined.known)
  // The promise `database` reports the same error.
  known?.catch(() => undefined)
  const [first, second] = await Promise.all([
    config === null ? faults.map(configurationFault) : examine(context, config, known),
    database,
  ])
  const examined = [...first, ...(second?.findings ?? [])]
  const findings = redacted(examined, context.terminal.redact)
  if (context.output.asJson) {
    context.output.json({ checks: findings, next_steps: nextSteps(findings) })
  } else showFindings(context, findings)
  if (config === null) return 2
  return findings.some((each) => each.status === 'fail') ? 1 : 0
}

function tryConfig(
  context: CommandContext,
  need: ConfigNeed,
): { config: Config | null; faults: readonly string[] } {
  try {
    return { config: context.config(need), faults: [] }
  } catch (error) {
    if (error instanceof ConfigError) return { config: null, faults: error.faults }
    throw error
  }
}

async function examine(
  context: CommandContext,
  config: Config,
  known: Promise<Known> | undefined,
): Promise<readonly Finding[]> {
  const { file, terminal } = context
  const { env } = terminal
  const merchants = examinedMerchants(config, merchantPlaces({ file, env }))
  const now = new Date()
  const [engine, gateways, sources, webhooks] = await Promise.all([
    examineEngine(config.engine.url),
    examineGateways(merchants, known),
    examineSources(config.sources ?? [], now),
    examineWebhooks(config.webhooks ?? []),
  ])
  const place = proofKeysPlace({ file, env })
  const ownCheck = [
    ...merchants.map(({ privateKeyPath }) => privateKeyPath),
    ...(place.kind === 'made' ? [place.path] : []),
  ]
  const isAlone = merchants.length === 1
  const ofEach = (examined: (merchant: ExaminedMerchant) => readonly Finding[]) =>
    merchants.flatMap((merchant) => ofMerchant(examined(merchant), { ...merchant, isAlone }))
  return [
    examineConfiguration(
      file,
      secretFiles({ file, env }).filter((path) => !ownCheck.includes(path)),
    ),
    ...ofEach((merchant) => examineKeys({ ...merchant, now })),
    examineToken(config.server),
    ...examineTokens(config.server, new Date()),
    ...examineProofKeys(config, place),
    ...ofEach((merchant) => [examineNotifyUrl(merchant)]),
    ...engine,
    ...ofEach((merchant) => examineProxy(merchant, env)),
    ...ofEach((merchant) => gateways.get(merchant) ?? []),
    ...sources,
    ...examineAlerts(config.alerts),
    ...webhooks,
  ]
}

/** Of several merchants at most this many are queried at a time: each opens connections of its own. */
const gatewaysAtOnce = 10

async function examineGateways(
  merchants: readonly ExaminedMerchant[],
  known: Promise<Known> | undefined,
): Promise<ReadonlyMap<ExaminedMerchant, readonly Finding[]>> {
  const limit = pLimit(gatewaysAtOnce)
  const examined = merchants.map((merchant) =>
    limit(async () => [merchant, await examineGateway(merchant, known)] as const),
  )
  return new Map(await Promise.all(examined))
}
