import { callbacks } from './callbacks.ts'
import { crediting } from './crediting.ts'
import { flat } from './flat.ts'
import type { Part } from './part.ts'
import { peers } from './peers.ts'
import { memory } from './run-memory.ts'
import { serve } from './serve-ready.ts'

/** In the order of the targets. */
export const parts: readonly Part[] = [crediting, peers, flat, memory, callbacks, serve]
