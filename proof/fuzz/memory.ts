import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Finding } from './target.ts'

/** The memory that is still held after a garbage collection. */
export interface Memory {
  readonly rssMb: number
  readonly heapMb: number
}

const megabyte = 1024 * 1024

export async function measureMemory(): Promise<Memory> {
  const collect = collector()
  // Two collections with a turn of the event loop between: the second one frees what the first finalized.
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
 * How much the heap may grow in nine tenths of a campaign. The oracle's own books grow by some 3 MB per
 * 100,000 callbacks. A leak of 100 bytes per input would be 90 MB in a million inputs.
 */
const heapMbMax = 32

/** Only this figure includes the memory outside of the heap, of keys and sockets. */
const rssMbMax = 64

/**
 * Checks the figures of each tenth. The memory of the process goes up and down by tens of megabytes, as
 * pages are kept and freed. A leak raises the lowest figure.
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
