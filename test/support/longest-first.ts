import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest first: begun last, one of them would run alone at the end. */
const longest = [
  'test/campaign/short.test.ts',
  'test/bench/parts.test.ts',
  'test/flow/twenty-merchants.test.ts',
  'test/webhooks/delivering.test.ts',
  'test/crash/postgres.test.ts',
  'test/states/states.test.ts',
  'test/console/every-page.test.ts',
  'test/engine/cluster.test.ts',
  'test/sim/outbox.test.ts',
  'test/flow/faults.test.ts',
  'test/flow/merchants.test.ts',
  'test/store/image.test.ts',
  'test/cli/flow.test.ts',
  'test/cli/report.test.ts',
  'test/console/overview-browser.test.ts',
  'test/flow/demo.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/crash/pglite.test.ts',
  'test/store/pglite.test.ts',
  'test/gateway/contract.test.ts',
  'test/flow/quota.test.ts',
  'test/cli/documented-backend.test.ts',
  'test/store/granted.test.ts',
  'test/audit/proofs.test.ts',
  'test/audit/damage.test.ts',
  'test/library/bundle.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId, project }: TestSpecification) => {
      const rank = longest.indexOf(relative(project.config.root, moduleId))
      return rank === -1 ? longest.length : rank
    }
    return (await super.sort(files)).sort((one, other) => rankOf(one) - rankOf(other))
  }
}
