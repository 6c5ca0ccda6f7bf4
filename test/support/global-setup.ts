import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { pgliteImage } from './image.ts'
import { startPostgres } from './postgres.ts'
import { hasServer, makePostgresTemplate } from './stores.ts'

const run = promisify(execFile)

/**
 * What all test files share: the built program, one PostgreSQL server, one embedded image. Whoever runs
 * many of them one by one, as the mutants are, makes all that once and names the server.
 */
export async function setup(): Promise<() => Promise<void>> {
  if (hasServer()) return async () => undefined
  const server = await startPostgres()
  try {
    await Promise.all([build(), databases(server.url)])
  } catch (error) {
    await server.stop()
    throw error
  }
  return server.stop
}

/** One after the other: making the image holds this process up for longer than a connection may take. */
async function databases(serverUrl: string): Promise<void> {
  await makePostgresTemplate(serverUrl)
  await pgliteImage()
}

/** The command-line tests run `bin/budan.js`, so what it loads must be this source's, and its image too. */
async function build(): Promise<void> {
  for (const project of ['packages/simulator/tsconfig.build.json', 'tsconfig.build.json']) {
    await run('npx', ['tsc', '-p', project, '--noCheck'])
  }
  await run('npm', ['run', '--silent', 'bundle'])
  await run('npm', ['run', '--silent', 'image'])
}
