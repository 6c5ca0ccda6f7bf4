import type { Mutant } from '../mutant.ts'
import { decidingMutants } from './deciding.ts'
import { eventMutants } from './events.ts'
import { gatewayMutants } from './gateway.ts'
import { identityMutants } from './identity.ts'
import { jobMutants } from './job.ts'
import { merchantMutants } from './merchants.ts'
import { proofMutants } from './proofs.ts'
import { settlingMutants } from './settling.ts'

export const mutants: readonly Mutant[] = [
  ...decidingMutants,
  ...settlingMutants,
  ...jobMutants,
  ...gatewayMutants,
  ...identityMutants,
  ...merchantMutants,
  ...proofMutants,
  ...eventMutants,
]
