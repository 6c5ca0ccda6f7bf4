import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openEngine } from '../../src/queue/open.ts'
import { type Alert, isFiring } from '../support/promql.ts'
import { startRedis, withoutRedis } from '../support/redis.ts'
import { rowsUnder } from '../support/tables.ts'
import { type Look, openStage, type Stage } from './stage.ts'
import { type State, states } from './states.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
const alerts = rowsUnder(page, '## Alerts to set').map(alertOf)
const documented = new Map(
  rowsUnder(page, '## What each state looks like').map(([state = '', ...rest]) => [state, rest]),
)

/** "`budan_breaker_open == 1` for 5 min" */
function alertOf([name = '', cell = '']: readonly string[]): Alert {
  const [, expression = '', minutes = '0'] = /^`([^`]+)`(?: for (\d+) min)?$/.exec(cell) ?? []
  if (expression === '') throw new Error(`Cannot read the alert "${name}": ${cell}`)
  return { name, expression, forSecs: Number(minutes) * 60 }
}

function firing({ scrapes }: Stage): readonly string[] {
  return alerts.filter((alert) => isFiring(alert, scrapes)).map(({ name }) => name)
}

const tones: Readonly<Record<string, string>> = { good: 'well', warn: 'look', bad: 'danger' }

/** Counts are shown as N, because the number of queries differs from run to run. */
function rowOf({ ready, failing, overview }: Look, fired: readonly string[]): readonly string[] {
  const words = failing
    .join('<br>')
    .replaceAll(/\b\d+ (queries|answers)/g, 'N $1')
    .replaceAll(/last run \S+:/g, 'last run …:')
  return [
    String(ready),
    words === '' ? '–' : words,
    tones[overview.tone ?? ''] ?? String(overview.status),
    fired.length === 0 ? '–' : fired.join(', '),
  ]
}

async function last(stage: Stage, state: State) {
  const { minutes, everyMins = 5, withRuns = true, withEvents = true } = state
  let look = await stage.look()
  for (let passed = 0; passed < minutes; passed += everyMins) {
    if (withEvents) await stage.settle()
    await stage.step(everyMins)
    if (withRuns) await stage.run()
    if (withEvents) await stage.settle()
    look = await stage.look()
    expect(look).toMatchObject({ health: 200, overview: { status: 200 } })
  }
  return look
}

/** Until what counts the last hour has forgotten. */
async function recover(stage: Stage): Promise<Look> {
  let look = await stage.look()
  for (const minutes of [5, 15, 15, 15, 15]) {
    await stage.settle()
    await stage.step(minutes)
    await stage.run()
    await stage.settle()
    look = await stage.look()
  }
  return look
}

describe('in each state of database, queue and gateway', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
    await stage.begin()
  })
  afterAll(() => stage.close())

  it.each(states)('endpoints and alerts say what is documented: $name', async (state) => {
    await state.begin(stage)
    const row = await last(stage, state)
      .then((look) => rowOf(look, firing(stage)))
      .finally(() => state.end(stage))
    const after = await recover(stage)
    expect(row).toEqual(documented.get(state.name))
    expect(after).toMatchObject({ ready: 200, failing: [] })
    expect(firing(stage)).toEqual([])
  })

  it('and the process is down where it does not answer', async () => {
    for (let passed = 0; passed <= 5; passed += 5) {
      stage.missScrape()
      await stage.step(5)
    }
    stage.missScrape()
    expect(firing(stage)).toEqual(['down'])
    await recover(stage)
    expect(firing(stage)).toEqual([])
  })
})

describe.skipIf(withoutRedis())('with a queue that nodes share', () => {
  it('the overview and the alerts show when it is away, readiness stays green', async () => {
    const redis = await startRedis()
    const reports = new EventTarget()
    const engine = openEngine({
      ...{ url: redis.url, databaseUrl: 'postgres://127.0.0.1/states', intervalMs: 300_000 },
      merchants: [{ gateway: 'wechatpay', mchid: '1900000001', appid: 'wx1' }],
      emit: ({ type }) => reports.dispatchEvent(new Event(type)),
    })
    const stage = await openStage({ engine })
    const queue: State = {
      name: 'the queue is away',
      begin: async () => {
        const lost = once(reports, 'engine_lost')
        await redis.kill()
        await lost
      },
      end: async () => {
        const back = once(reports, 'engine_back')
        await redis.restart()
        await back
      },
      minutes: 15,
    }
    try {
      await stage.begin()
      const isUp = async () => {
        expect((await stage.look()).metrics).toContain('budan_engine_up 1\n')
      }
      await vi.waitFor(isUp, { timeout: 60_000 })
      await queue.begin(stage)
      const row = rowOf(await last(stage, queue), firing(stage))
      expect(row).toEqual(documented.get(queue.name))
      await queue.end(stage)
      expect(await recover(stage)).toMatchObject({ ready: 200, failing: [] })
      expect(firing(stage)).toEqual([])
    } finally {
      await stage.close()
      await redis.stop()
    }
  })
})

describe('the documentation', () => {
  it('has a row for each state, and in one of them each alert', () => {
    const fired = [...documented.values()].flatMap((row) => row.at(-1)?.split(', ') ?? [])
    expect(alerts.map(({ name }) => name).filter((name) => !fired.includes(name))).toEqual([])
    const elsewhere = ['the queue is away', 'the process does not answer']
    expect([...documented.keys()]).toEqual(
      expect.arrayContaining([...states.map(({ name }) => name), ...elsewhere]),
    )
  })
})
