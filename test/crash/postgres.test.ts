import { runsOf } from '../support/random.ts'
import { crashAnywhere } from './anywhere.ts'

// Each step, by death or by error in turn. The long form has both at each.
crashAnywhere('postgres', { stride: runsOf(4) === 1 ? 2 : 1 })
