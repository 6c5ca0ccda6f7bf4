import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { dirname } from 'node:path'
import type { Figure } from './figure.ts'
import type { BenchOptions } from './options.ts'

/** The figures, with the facts that a reader needs to judge them and to repeat the measurement. */
export interface Result {
  readonly command: string
  readonly startedAt: string
  readonly seconds: number
  /** Ends in `+changes` if the working tree differs from the commit. */
  readonly commit: string
  readonly machine: Readonly<Record<string, string | number>>
  /** Load by other processes makes every figure worse and its spread wider. */
  readonly loadBefore: number
  readonly options: BenchOptions
  readonly figures: readonly Figure[]
}

export function resultOf(
  figures: readonly Figure[],
  begun: { options: BenchOptions; args: readonly string[]; startedAt: Date; loadBefore: number },
): Result {
  const { options, args, startedAt, loadBefore } = begun
  return {
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    commit: commitOf(),
    machine: machineOf(),
    ...{ loadBefore, options, figures },
  }
}

export function loadNow(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2))
}

export async function writeResult(file: string, result: Result): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`)
}

function machineOf(): Result['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    openssl: process.versions.openssl,
  }
}

function commitOf(): string {
  try {
    const commit = git('rev-parse', '--short=12', 'HEAD')
    return git(
      'status',
      '--porcelain',
      '--',
      'src',
      'packages',
      'bench',
      'bin',
      ':!bench/results',
    ) === ''
      ? commit
      : `${commit}+changes`
  } catch {
    return 'unknown'
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
