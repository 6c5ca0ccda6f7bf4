import { runsOf } from '../support/random.ts'
import { crashAnywhere } from './anywhere.ts'

// What lies above the two databases is the same, and postgres.test.ts strikes at each of its steps;
// here each sixth is enough to see that this one too rolls back. The long form has them all.
crashAnywhere('pglite', { stride: runsOf(4) === 1 ? 6 : 1 })
