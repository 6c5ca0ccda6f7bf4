import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchServer } from './server.ts'

/** Every version that its makers still mend, and 13, which many servers still run. */
export const majors: readonly string[] = ['13', '14', '15', '16', '17', '18']

export interface Outcome {
  /** Of the server itself: `13.23`. */
  readonly version: string
  readonly passed: number
  readonly failed: number
  readonly seconds: number
}

/**
 * What depends on PostgreSQL: the store's contract, its races, troubles and outages, migrations, and
 * the flows of money with crashes and several nodes. The embedded database has a version of its own.
 */
const tests = [
  ...['postgres', 'claim-races', 'trouble', 'outage', 'lost-commit', 'migrations'].map(
    (name) => `test/store/${name}.test.ts`,
  ),
  ...['faults', 'resilience', 'nodes', 'run', 'clock-set-back'].map(
    (name) => `test/flow/${name}.test.ts`,
  ),
  'test/crash/postgres.test.ts',
]

const root = join(import.meta.dirname, '../..')

export async function tryVersion(major: string): Promise<Outcome> {
  const server = await fetchServer(major)
  const startedAt = Date.now()
  const report = join(server.folder, 'report.json')
  const code = await runTests({ native: server.native, report })
  const { passed, failed } = readReport(report)
  // A run that could not even begin has no tests to fail.
  const failures = code === 0 ? failed : Math.max(1, failed)
  const seconds = Math.round((Date.now() - startedAt) / 1000)
  return { version: server.version, passed, failed: failures, seconds }
}

function runTests({ native, report }: { native: string; report: string }): Promise<number> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const vitest = spawn('npx', ['vitest', 'run', ...tests, ...reporters], {
    cwd: root,
    env: { ...process.env, BUDAN_TEST_POSTGRES_BINARIES: native },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    vitest.once('error', reject)
    vitest.once('exit', (code) => resolve(code ?? 1))
  })
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
}

function readReport(file: string): { passed: number; failed: number } {
  try {
    const report: Report = JSON.parse(readFileSync(file, 'utf8'))
    return { passed: report.numPassedTests, failed: report.numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}
