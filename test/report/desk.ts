import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Control, merchantOptions, type Simulator, startSimulator } from 'budan-simulator'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { WechatConfig } from '../../src/config/config.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import type { Unanswered } from '../../src/report/compare.ts'
import { makeReport, type Reporting } from '../../src/report/make-report.ts'
import type { Report } from '../../src/report/report.ts'
import { Stopper } from '../../src/report/stopper.ts'
import type { Waits } from '../../src/report/waits.ts'
import type { OrderSource } from '../../src/sources/source.ts'
import { configOf, sharedMerchant } from '../support/world.ts'
import type { MemoryRow } from './memory-source.ts'

export const shortWaits: Waits = {
  queryMs: [1, 1, 1],
  throttledMs: 5,
  throttlesMax: 100,
  unsentMs: 1,
  sourceMs: [1, 1, 1],
}

export const now = new Date()

/** Reports of one test file, against a simulator of the gateway over HTTP. */
export interface Desk {
  readonly simulator: Simulator
  readonly control: Control
  /** The path of a state file that is not there yet. */
  file(): string
  report(
    source: OrderSource | readonly OrderSource[],
    options?: Partial<Omit<Reporting, 'sources'>> & {
      readonly days?: number
      readonly wechat?: Partial<WechatConfig>
      readonly qps?: number
    },
  ): Promise<MadeReport>
}

export interface MadeReport {
  readonly report: Report
  readonly warnings: readonly string[]
  readonly failures: readonly Unanswered[]
  readonly begun: { readonly total: number; readonly done: number } | null
  readonly progress: readonly number[]
}

export function useDesk(): () => Desk {
  const opened: { simulator?: Simulator; directory?: string; config?: WechatConfig | undefined } =
    {}
  let files = 0
  beforeAll(async () => {
    const merchant = await sharedMerchant()
    opened.simulator = await startSimulator({ ...merchantOptions(merchant), seed: 'report' })
    opened.directory = mkdtempSync(join(tmpdir(), 'budan-report-'))
    opened.config = configOf(opened.simulator, { merchant }).merchants[0]
  })
  beforeEach(() => opened.simulator?.control.reset())
  afterAll(async () => {
    await opened.simulator?.stop()
    if (opened.directory !== undefined) rmSync(opened.directory, { recursive: true })
  })
  return () => {
    const { simulator, directory, config } = opened
    if (!simulator || !directory || !config) throw new Error('Not opened yet')
    return {
      ...{ simulator, control: simulator.control },
      file: () => {
        files += 1
        return join(directory, `${files}.jsonl`)
      },
      async report(source, { wechat = {}, qps = 10_000, days, ...options } = {}) {
        const gateway = createWechatGateway(
          { ...config, ...wechat },
          { emit: () => {}, maxQps: qps },
        )
        const made = listenerOf()
        files += 1
        try {
          const report = await makeReport({
            ...{ gateway, concurrency: 5, anyDays: days === undefined, now },
            sources: [source].flat().map((each) => ({ source: each, days: days ?? 16 })),
            file: join(directory, `${files}.jsonl`),
            ...{ stopper: new Stopper(), listener: made.listener, waits: shortWaits, ...options },
          })
          return { report, ...made }
        } finally {
          await gateway.stop()
        }
      },
    }
  }
}

function listenerOf() {
  const warnings: string[] = []
  const failures: Unanswered[] = []
  const progress: number[] = []
  const made = { begun: null as { total: number; done: number } | null }
  const listener: Reporting['listener'] = {
    begin: (total, done) => (made.begun = { total, done }),
    progress: (done) => progress.push(done),
    doubt: (message) => warnings.push(message),
    unanswered: (unanswered) => failures.push(unanswered),
  }
  return {
    ...{ warnings, failures, progress, listener },
    get begun() {
      return made.begun
    },
  }
}

export const numberOf = (n: number) => `SHOP${String(n).padStart(8, '0')}`

/** Rows that were created one second apart, the last one an hour ago. */
export function rowsOf(count: number, row: Partial<MemoryRow> = {}): MemoryRow[] {
  return Array.from({ length: count }, (_, n) => ({
    ...{ key: n, orderNo: numberOf(n), userId: `user-${n % 7}`, amount: BigInt(100 + n) },
    createdAt: new Date(+now - 3_600_000 - (count - n) * 1000),
    status: 'pending',
    ...row,
  }))
}

/** Puts the trade of a row at the gateway, unpaid. */
export function place(control: Control, { orderNo, amount }: MemoryRow): void {
  control.putOrder({ out_trade_no: orderNo, total: Number(amount) })
}
