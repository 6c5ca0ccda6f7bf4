import { claiming } from './claiming.ts'
import { crediting } from './crediting.ts'
import { pages } from './pages.ts'
import type { Part } from './part.ts'
import { memory } from './run-memory.ts'
import { serve } from './serve-ready.ts'

/** In the order of the targets. */
export const parts: readonly Part[] = [crediting, claiming, pages, memory, serve]
