import { adopting } from './adopting.ts'
import { callbacks } from './callbacks.ts'
import { crediting } from './crediting.ts'
import { drain } from './drain.ts'
import { eventCredits } from './events/credits.ts'
import { deliveries } from './events/deliveries.ts'
import { eventTables } from './events/tables.ts'
import { flat } from './flat.ts'
import { latency } from './latency.ts'
import { merchantClaims, merchants } from './merchants.ts'
import type { Part } from './part.ts'
import { peers } from './peers.ts'
import { quota } from './quota.ts'
import { reconcile } from './reconcile.ts'
import { report } from './report.ts'
import { scaling } from './scaling.ts'
import { schedule } from './schedule.ts'
import { access } from './security/access.ts'
import { proofMemory } from './security/proof-memory.ts'
import { proofs } from './security/proofs.ts'
import { source } from './source.ts'
import { start } from './start.ts'
import { unpaid } from './unpaid.ts'

/** All parts, in the order of their targets. */
export const parts: readonly Part[] = [
  crediting,
  peers,
  latency,
  quota,
  flat,
  drain,
  callbacks,
  schedule,
  start,
  unpaid,
  scaling,
  source,
  report,
  reconcile,
  adopting,
  merchants,
  merchantClaims,
  proofs,
  proofMemory,
  access,
  eventCredits,
  deliveries,
  eventTables,
]
