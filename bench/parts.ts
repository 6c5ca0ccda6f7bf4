import { callbacks } from './callbacks.ts'
import { crediting } from './crediting.ts'
import { flat } from './flat.ts'
import { latency } from './latency.ts'
import type { Part } from './part.ts'
import { peers } from './peers.ts'
import { questions } from './questions.ts'
import { quota } from './quota.ts'
import { memory } from './run-memory.ts'
import { serve } from './serve-ready.ts'
import { unpaid } from './unpaid.ts'

/** In the order of the targets. */
export const parts: readonly Part[] = [
  crediting,
  peers,
  latency,
  flat,
  memory,
  callbacks,
  questions,
  serve,
  unpaid,
]
