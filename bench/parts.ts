import { drain } from './drain/drain.ts'
import { eventCredits } from './events/credits.ts'
import { deliveries } from './events/deliveries.ts'
import { eventTables } from './events/tables.ts'
import { flat } from './flat/flat.ts'
import { merchantClaims, merchants } from './merchants/merchants.ts'
import type { Part } from './part.ts'
import { adopting } from './parts/adopting.ts'
import { callbacks } from './parts/callbacks.ts'
import { crediting } from './parts/crediting.ts'
import { latency } from './parts/latency.ts'
import { quota } from './parts/quota.ts'
import { reconcile } from './parts/reconcile.ts'
import { report } from './parts/report.ts'
import { source } from './parts/source.ts'
import { start } from './parts/start.ts'
import { unpaid } from './parts/unpaid.ts'
import { peers } from './peers/peers.ts'
import { scaling } from './scaling/scaling.ts'
import { schedule } from './schedule/schedule.ts'
import { access } from './security/access.ts'
import { proofMemory } from './security/proof-memory.ts'
import { proofs } from './security/proofs.ts'

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
