import type { PhraseSets, Phrases } from '../phrases.ts'
import { termsOf } from '../terms.ts'
import { commanderPhrases } from './commander.ts'
import { commandPhrases } from './commands.ts'
import { configPhrases } from './config.ts'
import { doctorPhrases } from './doctor.ts'
import { gatewayPhrases } from './gateway.ts'
import { helpPhrases } from './help.ts'
import { readinessPhrases } from './readiness.ts'
import { settlingPhrases } from './settling.ts'
import { simulationPhrases } from './simulation.ts'
import { storePhrases } from './store.ts'
import { webPhrases } from './web.ts'

const { status, source, event, runStatus, decision, outcome, action } = termsOf('zh')

/** With the word that a command is given for it: `待确认 pending`. */
function withTyped(words: Phrases): Phrases {
  return Object.fromEntries(Object.entries(words).map(([word, said]) => [word, `${said} ${word}`]))
}

const parts: PhraseSets = {
  ...settlingPhrases,
  ...gatewayPhrases,
  ...readinessPhrases,
  ...storePhrases,
  ...webPhrases,
  ...configPhrases,
  ...commandPhrases,
  ...simulationPhrases,
  ...doctorPhrases,
  ...helpPhrases,
  ...commanderPhrases,
  ...{ status, source, event, runStatus, outcome },
  decisionKind: decision,
  statusToType: withTyped(status),
  actionToType: withTyped(action),
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
  'counted',
  'drainEnd',
  'progress',
  'simulation',
  'detail',
  'step',
  'help',
  'usage',
  'wrongUsage',
]

/** All that the program says, in Chinese. `sentence` holds what stands by itself. */
export const chinesePhrases: PhraseSets = {
  ...parts,
  sentence: Object.assign({}, ...wholes.map((name) => parts[name])),
}
