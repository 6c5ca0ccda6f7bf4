import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Closing } from '../closing.ts'
import { type Started, startProgram, stopProgram, type Workplace } from '../program.ts'

const stretch = z.object({
  /** The event loop's delay. An idle loop shows 10 ms, which is the resolution of the sampler. */
  delayMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  /** One sample every quarter of a second. */
  residentBytes: z.array(z.number()),
})

const vitalSigns = z.object({ peakBytes: z.number(), stretches: z.array(stretch) })

export type VitalSigns = z.infer<typeof vitalSigns>

/** `serve`, in a process of its own. */
export interface Node {
  readonly url: string
  readonly pid: number
  /** Ends the current stretch of the measurement and begins the next. */
  endStretch(): Promise<void>
  /**
   * Stops the node. Resolves with its stretches: the first lasts from the start to the first
   * `endStretch()`, the last one to the end of the process.
   */
  stop(): Promise<VitalSigns>
}

const hook = fileURLToPath(new URL('./vital-signs.mjs', import.meta.url))

/** Starts the `nth` of the nodes that share the configuration of one workplace. */
export async function startNode(
  { path }: Workplace,
  { closing, nth }: { closing: Closing; nth: number },
): Promise<Node> {
  const signsFile = join(path, `vital-signs-${nth}`)
  const log = closing.add(await open(join(path, `log-${nth}`), 'w'), (file) => file.close())
  const program = closing.add(
    startProgram(['serve'], {
      cwd: path,
      env: { BENCH_VITAL_SIGNS: signsFile },
      nodeArgs: ['--import', hook],
      log: log.fd,
    }),
    stopProgram,
  )
  const [, url = ''] = await program.printed(/ready at (\S+)/)
  let ended = 0
  return {
    url,
    pid: program.child.pid ?? 0,
    async endStretch() {
      ended += 1
      program.child.kill('SIGUSR2')
      while ((await stretchesIn(signsFile)) < ended) await pause(10)
    },
    stop: () => stopped(program, signsFile),
  }
}

/** Zero while the file does not exist, or is only partly written. */
async function stretchesIn(file: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.endsWith('}') ? vitalSigns.parse(JSON.parse(text)).stretches.length : 0
}

async function stopped(program: Started, signsFile: string): Promise<VitalSigns> {
  await stopProgram(program)
  await program.ended
  return vitalSigns.parse(JSON.parse(await readFile(signsFile, 'utf8')))
}
