import { buildOnce } from './build.ts'
import { pgliteImage } from './image.ts'
import { startPostgres } from './postgres.ts'
import { hasServer, makePostgresTemplate } from './stores.ts'

/**
 * Makes what all test files share: the built program, one PostgreSQL server, one embedded image. A
 * program that runs many files one by one, such as the mutants, makes it once and names the server.
 */
export async function setup(): Promise<() => Promise<void>> {
  if (hasServer()) return async () => undefined
  // Tests that kill a server start one of their own.
  const server = await startPostgres({ isDurable: false })
  try {
    await Promise.all([buildOnce(), databases(server.url)])
  } catch (error) {
    await server.stop()
    throw error
  }
  return server.stop
}

/** One after the other: making the image blocks this process for longer than a connection may take. */
async function databases(serverUrl: string): Promise<void> {
  await makePostgresTemplate(serverUrl)
  await pgliteImage()
}
