import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { writeMerchant } from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configurationFor } from '../../src/demo/configuration.ts'
import { type RunningCommand, startBudan } from '../cli/budan.ts'
import { type RedisServer, startRedis, withoutRedis } from '../support/redis.ts'
import { sharedMerchant } from '../support/world.ts'
import { type Fleet, openFleet } from './fleet.ts'

const recharge = {
  compensationDrain: true,
  compensationBatchSize: 10,
  compensationConcurrency: 10,
}
const timeoutMs = 1000

describe.skipIf(withoutRedis())('a node that is killed', () => {
  let redis: RedisServer
  let fleet: Fleet
  const directory = mkdtempSync(join(tmpdir(), 'budan-dead-node-'))
  const processes: RunningCommand[] = []
  beforeAll(async () => {
    redis = await startRedis()
    fleet = await openFleet({ engineUrl: redis.url, intervalMs: 1000, recharge, timeoutMs })
    const merchant = await sharedMerchant()
    await writeMerchant(directory, merchant)
    const yaml = configurationFor(fleet.simulator, merchant, { dir: directory })
    writeFileSync(join(directory, 'budan.yaml'), yaml)
  })
  afterAll(async () => {
    for (const { child } of processes) child.kill('SIGKILL')
    await Promise.all(processes.map(({ ended }) => ended))
    await fleet?.close()
    await redis?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const serve = async (): Promise<RunningCommand> => {
    const serving = startBudan(['serve'], {
      cwd: directory,
      env: {
        DATABASE_URL: fleet.databaseUrl,
        ENGINE_URL: redis.url,
        SERVER_PORT: '0',
        WECHAT_TIMEOUT_MS: String(timeoutMs),
        RECHARGE_COMPENSATION_INTERVAL_MINS: String(1 / 60),
        RECHARGE_COMPENSATION_THRESHOLD_MINS: '0',
        RECHARGE_COMPENSATION_RECHECK_MINS: '0.02',
        RECHARGE_COMPENSATION_BATCH_SIZE: '10',
        RECHARGE_COMPENSATION_CONCURRENCY: '10',
        RECHARGE_COMPENSATION_DRAIN: 'true',
        RECHARGE_COMPENSATION_MAX_QPS: '10000',
      },
    })
    processes.push(serving)
    await serving.printed(/budan is ready/)
    return serving
  }
  /** The nodes that are in a run, or died in one. */
  const busyNodes = async () => {
    const { items } = await fleet.store.listRuns({ limit: 200, cursor: null })
    const running = items.filter(({ status }) => status === 'running')
    const found = await Promise.all(running.map(({ id }) => fleet.store.findRun(id)))
    return [...new Set(found.map((each) => each?.node))]
  }
  const isBusy = async ({ child }: RunningCommand) =>
    (await busyNodes()).some((node) => node?.includes(`-${child.pid}-`))

  /** Kills it in a batch: one that is seen in a batch may have ended it before the signal comes. */
  const killInBatch = async (node: RunningCommand) => {
    await fleet.until('the victim stands still in a batch', async () => {
      if (!(await isBusy(node))) return false
      node.child.kill('SIGSTOP')
      // The database executes what was sent before.
      await setTimeout(500)
      if (await isBusy(node)) return true
      node.child.kill('SIGCONT')
      return false
    })
    node.child.kill('SIGKILL')
  }

  it('in the middle of a batch leaves it to the others, once its lease has run out', async () => {
    const [victim] = (await Promise.all([serve(), serve()])) as [RunningCommand, RunningCommand]
    // The first node's batch must not end before the other one begins: it may start seconds later.
    fleet.simulator.control.addFault({ operation: 'query', fault: { kind: 'slow', ms: 2000 } })
    await fleet.adopt(60)
    await fleet.until('both nodes are in a batch', async () => (await busyNodes()).length === 2)
    await killInBatch(victim)
    fleet.simulator.control.clearFaults()
    await fleet.until('all are credited', async () => (await fleet.paidCount()) === 30)
    await fleet.until('all were queried', async () => (await fleet.dueCount()) === 0)
    // What nobody will ever finish.
    let left: Awaited<ReturnType<typeof busyNodes>> = []
    await fleet.until('the others have ended', async () => {
      left = await busyNodes()
      return left.length === 1
    })
    expect(left).toEqual([expect.stringContaining(`-${victim.child.pid}-`)])
    expect(await fleet.store.audit()).toMatchObject({ credited_twice: 0, paid_not_credited: 0 })
  })
})
