import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

/** In a process of its own: V8's flags are the whole process'. */
const program = (before: string) => `
  ${before}
  const alive = Array.from({ length: 200_000 }, (_, nth) => ({ nth, list: [nth] }))
  let queue = []
  let largest = 0
  for (let nth = 0; nth < 1_500_000; nth += 1) {
    queue.push({ nth, list: [nth, nth + 1], text: 'order ' + nth })
    // Old enough to have left the young generation, and then garbage.
    if (queue.length > 60_000) queue = queue.slice(30_000)
    if (nth % 10_000 === 0) largest = Math.max(largest, process.memoryUsage().heapTotal)
  }
  console.log(largest + 0 * alive.length)`

const module = fileURLToPath(new URL('../../src/cli/small-heap.ts', import.meta.url))

function largestHeap(before: string): number {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program(before)],
    { encoding: 'utf8', cwd: fileURLToPath(new URL('../..', import.meta.url)) },
  )
  expect(stderr).toBe('')
  return Number(stdout)
}

it('keepHeapSmall() has V8 collect earlier what has become old', () => {
  const kept = largestHeap(
    `import { keepHeapSmall } from ${JSON.stringify(module)}; keepHeapSmall()`,
  )
  expect(kept).toBeGreaterThan(0)
  expect(kept).toBeLessThan(0.8 * largestHeap(''))
})
