import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { startPostgres } from './postgres.ts'
import { makePostgresTemplate, pgliteImage } from './stores.ts'

const run = promisify(execFile)

/** What all test files share: the built program, one PostgreSQL server, one embedded image. */
export async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres()
  try {
    await Promise.all([build(), makePostgresTemplate(server.url), pgliteImage()])
  } catch (error) {
    await server.stop()
    throw error
  }
  return server.stop
}

/** The command-line tests run `bin/budan.js`, so what it loads must be this source's, and its image too. */
async function build(): Promise<void> {
  await run('npx', ['tsc', '-p', 'tsconfig.build.json', '--noCheck'])
  await run('npm', ['run', '--silent', 'bundle'])
  await run('npm', ['run', '--silent', 'image'])
}
