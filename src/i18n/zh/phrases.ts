import type { PhraseSets } from '../phrases.ts'
import { termsOf } from '../terms.ts'
import { alertFaults, oddAlerts, robotAnswers } from './alerts.ts'
import { billPhrases } from './bills.ts'
import { commanderPhrases } from './commander.ts'
import { commandPhrases, sealingTroubles } from './commands.ts'
import { configPhrases } from './config.ts'
import { doctorPhrases } from './doctor.ts'
import { gatewayPhrases } from './gateway.ts'
import { helpPhrases } from './help.ts'
import { merchantFaults, merchantPhrases } from './merchants.ts'
import { readinessPhrases } from './readiness.ts'
import { reconcilePhrases } from './reconcile.ts'
import { reportPhrases } from './report.ts'
import { settlingPhrases } from './settling.ts'
import { simulationPhrases } from './simulation.ts'
import { sourceConfigFaults, sourcePhrases } from './sources.ts'
import { storePhrases } from './store.ts'
import { webPhrases } from './web.ts'
import { webhookFaults, webhookPhrases } from './webhooks.ts'

const { status, runStatus } = termsOf('zh')

const parts: PhraseSets = {
  ...settlingPhrases,
  ...gatewayPhrases,
  ...readinessPhrases,
  ...storePhrases,
  ...webPhrases,
  ...configPhrases,
  trouble: { ...storePhrases.trouble, ...sealingTroubles },
  fault: {
    ...configPhrases.fault,
    ...merchantFaults,
    ...sourceConfigFaults,
    ...alertFaults,
    ...webhookFaults,
  },
  oddAlert: oddAlerts,
  robotAnswer: robotAnswers,
  ...merchantPhrases,
  ...commandPhrases,
  ...reportPhrases,
  ...sourcePhrases,
  ...webhookPhrases,
  ...simulationPhrases,
  ...doctorPhrases,
  ...helpPhrases,
  ...commanderPhrases,
  ...billPhrases,
  ...reconcilePhrases,
  ...{ status, runStatus },
}

/** Those that stand by themselves; the others are parts of them. */
const wholes = [
  'settling',
  'gateway',
  'callback',
  'readiness',
  'engine',
  'breaker',
  'answers',
  'store',
  'remedy',
  'refusal',
  'validation',
  'configuration',
  'command',
  'drainEnd',
  'report',
  'source',
  'sending',
  'webhook',
  'simulation',
  'detail',
  'step',
  'bill',
  'export',
  'help',
  'usage',
  'wrongUsage',
]

/** All that the program says, in Chinese. `sentence` holds what stands by itself. */
export const chinesePhrases: PhraseSets = {
  ...parts,
  sentence: Object.assign({}, ...wholes.map((name) => parts[name])),
}
