import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../../test/support/postgres.ts'
import { serverVariable } from '../../test/support/stores.ts'
import type { Proof } from './mutant.ts'

/** The result of a proof on the program in a folder. `broken`: the proof itself failed. */
export type ProofResult =
  | { readonly kind: 'sound' }
  | { readonly kind: 'caught'; readonly by: string }
  | { readonly kind: 'broken'; readonly why: string }

/** A mutant may make a test wait for ever; this ends it. */
const proofMsMax = 240_000

export async function runProof(folder: string, proof: Proof): Promise<ProofResult> {
  return 'test' in proof ? runTest(folder, proof) : runSimulator(folder, proof.seeds)
}

/**
 * The same on a server of its own, whose template the program in the folder makes: all others share what the
 * sound program made.
 */
export async function runProofOnOwnSchema(folder: string, proof: Proof): Promise<ProofResult> {
  const server = await startPostgres()
  try {
    const args = ['--import', 'tsx', 'proof/mutants/template.ts', server.url]
    const { code, text } = await run(folder, args)
    if (code !== 0) return { kind: 'broken', why: lastLines(text) }
    return 'test' in proof
      ? await runTest(folder, proof, { [serverVariable]: server.url })
      : await runSimulator(folder, proof.seeds)
  } finally {
    await server.stop()
  }
}

interface TestReport {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** Only a failure of the named tests counts: a file that fails to load proves nothing. */
async function runTest(
  folder: string,
  { test, name }: { test: string; name: string },
  env: NodeJS.ProcessEnv = {},
): Promise<ProofResult> {
  const output = join(folder, 'report.json')
  rmSync(output, { force: true })
  const args = [
    'node_modules/vitest/vitest.mjs',
    ...['run', test, '-t', escaped(name), '--reporter=json', `--outputFile=${output}`],
    ...['--testTimeout=60000', '--retry=0'],
  ]
  const { text, late } = await run(folder, args, env)
  if (late) return { kind: 'caught', by: 'its deadline' }
  if (!existsSync(output)) return { kind: 'broken', why: lastLines(text) }
  const report: TestReport = JSON.parse(readFileSync(output, 'utf8'))
  const meant = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'passed' || status === 'failed')
  const failed = meant.find(({ status }) => status === 'failed')
  if (failed !== undefined) return { kind: 'caught', by: failed.fullName }
  if (meant.length > 0) return { kind: 'sound' }
  const why = report.testResults.map(({ message }) => message).join(' ')
  return { kind: 'broken', why: why.trim() || `no test "${name}" in ${test}: ${lastLines(text)}` }
}

async function runSimulator(folder: string, seeds: number): Promise<ProofResult> {
  const args = ['--import', 'tsx', 'proof/sim/main.ts', '--seeds', String(seeds), '--jobs', '1']
  const { code, text, late } = await run(folder, args)
  if (late) return { kind: 'broken', why: 'the simulator did not end' }
  if (code === 0) return { kind: 'sound' }
  const seed = /seed\W+(\w+)/i.exec(text)?.[1]
  if (code !== 1 || seed === undefined) return { kind: 'broken', why: lastLines(text) }
  return { kind: 'caught', by: `the simulator, seed ${seed}` }
}

interface Ended {
  readonly code: number | null
  readonly text: string
  readonly late: boolean
}

function run(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      // Random tests try as often as they are meant to.
      env: { ...process.env, ...env, CI: 'true', BUDAN_TEST_RUNS: '1' },
    })
    const texts: Buffer[] = []
    let late = false
    child.stdout.on('data', (text: Buffer) => texts.push(text))
    child.stderr.on('data', (text: Buffer) => texts.push(text))
    const deadline = setTimeout(() => {
      late = true
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), 5000).unref()
    }, proofMsMax)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(deadline)
      resolve({ code, late, text: Buffer.concat(texts).toString() })
    })
  })
}

function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join(' | ')
}
