import fc from 'fast-check'
import { afterAll } from 'vitest'
import { closeStores } from './open-stores.ts'
import { testSeed } from './random.ts'

fc.configureGlobal({ seed: testSeed })

/** A process runs one test file after the other: each leaves it as it was. */
const home = process.cwd()

afterAll(async () => {
  process.chdir(home)
  await closeStores()
})
