import { answerTarget } from './answer/target.ts'
import { callbackTarget } from './callback/target.ts'
import { certificatesTarget } from './certificates/target.ts'
import { configTarget } from './config/target.ts'
import { adoptionTarget } from './files/adoption-target.ts'
import { billTarget } from './files/bill-target.ts'
import { exportTarget } from './files/export-target.ts'
import { proofsTarget } from './proofs/target.ts'
import { simulatorTarget } from './simulator/target.ts'
import type { Target } from './target.ts'
import { webTarget } from './web/target.ts'

/** Every target. */
export function allTargets(): readonly Target[] {
  return [
    callbackTarget(),
    answerTarget(),
    certificatesTarget(),
    configTarget(),
    webTarget(),
    simulatorTarget(),
    billTarget(),
    exportTarget(),
    adoptionTarget(),
    proofsTarget(),
  ]
}
