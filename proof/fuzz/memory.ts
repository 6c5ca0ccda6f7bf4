import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Finding } from './target.ts'

/** What is held after everything that nobody needs was given back. */
export interface Memory {
  readonly rssMb: number
  readonly heapMb: number
}

const megabyte = 1024 * 1024

export async function measureMemory(): Promise<Memory> {
  const collect = collector()
  // Twice, with a turn of the event loop between: what the first one ends is freed by the second.
  collect()
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rssMb: rss / megabyte, heapMb: (heapUsed + external) / megabyte }
}

function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

/**
 * What nine tenths of a campaign may leave on the heap: the oracle's own books grow by some 3 MB with
 * each 100,000 callbacks. A leak of 100 bytes an input would be 90 MB in a million.
 */
const heapMbMax = 32

/** What lies outside of the heap, keys and sockets, shows here alone. */
const rssMbMax = 64

/**
 * Of the measures at each tenth. The process' memory goes up and down by tens of megabytes, as pages
 * are kept and given back; a leak is what lifts the lowest that it comes down to.
 */
export function expectFlat(memory: readonly Memory[]): void {
  const half = Math.floor(memory.length / 2)
  const heap = memory.map(({ heapMb }) => heapMb)
  const rss = memory.map(({ rssMb }) => rssMb)
  const heapGrown = (heap.at(-1) ?? 0) - (heap.at(0) ?? 0)
  const rssGrown = Math.min(...rss.slice(half)) - Math.min(...rss.slice(0, half))
  if (heapGrown <= heapMbMax && rssGrown <= rssMbMax) return
  const joined = (list: readonly number[]) => list.map((mb) => mb.toFixed(0)).join(' ')
  throw new Finding(
    'leak',
    `memory grew: ${joined(rss)} MB; of it the heap: ${joined(heap)} MB`,
    null,
  )
}
