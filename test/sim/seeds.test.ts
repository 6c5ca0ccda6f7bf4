import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SeedRunner } from '../../proof/sim/seed.ts'
import { testSeed } from '../support/random.ts'

const root = join(import.meta.dirname, '../..')

interface Ended {
  readonly code: number
  readonly out: string
}

/** Runs the command of `npm run sim` without npm. */
function sim(...given: readonly string[]): Promise<Ended> {
  const command = ['--import', 'tsx', 'proof/sim/main.ts', ...given]
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: root }, (error, out, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: out + errors })
    })
  })
}

describe('npm run sim', () => {
  it('runs twenty seeds clean, and names the one that is not', async () => {
    const from = testSeed
    const { code, out } = await sim('--seeds', '20', '--from', String(from), '--jobs', '2')
    expect(code, `npm run sim -- --seeds 20 --from ${from}\n${out}`).toBe(0)
    expect(out).toMatch(/^20 seeds in /m)
  })

  it('prints the result of one seed, and refuses wrong arguments', async () => {
    const [one, wrong] = await Promise.all([sim('--seed', '7'), sim('--seeds', 'many')])
    expect(one).toMatchObject({ code: 0 })
    expect(one.out).toMatch(/^seed 7: clean, trace [0-9a-f]{8}, \d+ events$/m)
    expect(wrong).toMatchObject({ code: 2 })
  })
})

describe('SeedRunner.run()', () => {
  it('gives the same history for the same seed, in this process and in another', async () => {
    const runner = new SeedRunner()
    const first = await runner.run(7, { traced: true })
    const other = await runner.run(8, { traced: true })
    const again = await runner.run(7, { traced: true })
    runner.end()
    expect(again.trace.lines).toEqual(first.trace.lines)
    expect(again.hash).toBe(first.hash)
    expect(other.hash).not.toBe(first.hash)
    expect((await sim('--seed', '7')).out).toContain(`trace ${first.hash}`)
  })

  it('gives the same figures with and without a trace', async () => {
    const runner = new SeedRunner()
    const [kept, silent] = [await runner.run(9, { traced: true }), await runner.run(9)]
    runner.end()
    expect([...silent.figures.counts]).toEqual([...kept.figures.counts])
  })

  it('restores the clock', async () => {
    const before = Date
    const runner = new SeedRunner()
    await runner.run(10)
    runner.end()
    expect(Date).toBe(before)
    expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(60_000)
  })

  it('leaves what was begun before it in real time', async () => {
    const startedAt = Date.now()
    const dates: number[] = []
    let isOver = false
    const poll = () => {
      dates.push(Date.now())
      if (!isOver) setTimeout(poll, 1)
    }
    setTimeout(poll, 1)
    const runner = new SeedRunner()
    const { trace } = await runner.run(7, { traced: true })
    const before = dates.length
    isOver = true
    runner.end()
    expect(trace.lines.length).toBeGreaterThan(100)
    expect(before).toBeGreaterThan(0)
    expect(dates.filter((at) => at < startedAt || at > Date.now())).toEqual([])
  })

  it('makes every kind of fault within 120 seeds', async () => {
    const runner = new SeedRunner()
    const faults = new Set<string>()
    for (let seed = 1; seed <= 120; seed += 1) {
      const { figures, failure } = await runner.run(seed)
      expect(failure, `npm run sim -- --seed ${seed}`).toBeNull()
      for (const [name] of figures.under('fault:')) faults.add(name)
    }
    runner.end()
    expect([...faults]).toEqual(
      expect.arrayContaining([
        ...['commitLost', 'crash', 'crashInCommit', 'lookalike', 'pause'],
        ...['configuration', 'lasting', 'misdirectedCallback'],
      ]),
    )
    expect(faults.size).toBeGreaterThan(25)
  })
})
