import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { StateFileError } from '../../src/report/state/state-file.ts'
import { type Desk, numberOf, place, rowsOf, useDesk } from './desk.ts'
import { MemorySource } from './memory-source.ts'

const desk = useDesk()
const paid = [1, 17, 38]
const silent = [5, 17].map(numberOf)

/** The state file of a report over forty rows, two of which were answered late. */
async function made({ control, report, file }: Desk) {
  const rows = rowsOf(40)
  for (const row of rows) place(control, row)
  for (const n of paid) control.pay(numberOf(n), { callback: false })
  control.addFault({
    ...{ operation: 'query', out_trade_no: silent, times_per_order: 2 },
    fault: { kind: 'error', status: 503 },
  })
  const path = file()
  const source = new MemorySource(rows)
  await report(source, { file: path, waits: lateWaits })
  return { path, source, bytes: readFileSync(path) }
}

/** Long enough for the pages of these rows to be recorded before. */
const lateWaits = {
  ...{ queryMs: [30, 30, 30], throttledMs: 5, throttlesMax: 100, unsentMs: 1, sourceMs: [1] },
}

const complete = { rows: 40, queried: 40, unanswered: 0, skipped: 0, stopped: null }

describe('a state file', () => {
  it('is readable by its owner alone', async () => {
    const { path } = await made(desk())
    expect(statSync(path).mode & 0o077).toBe(0)
  })

  it('gives the same report wherever a crash cut it off', async () => {
    const { report, file, control } = desk()
    const { source, bytes } = await made(desk())
    control.clearFaults()
    const headerEnd = bytes.indexOf('\n') + 1
    const lineEnds = [...bytes.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1)
    expect(lineEnds.length).toBeGreaterThanOrEqual(6)
    const cuts = [
      ...lineEnds.flatMap((at) => [at - 1, at, at + 1]),
      ...Array.from(
        { length: 20 },
        (_, n) => headerEnd + Math.floor((n * (bytes.length - headerEnd)) / 20),
      ),
    ].filter((at) => at >= headerEnd && at <= bytes.length)
    for (const cut of cuts) {
      const path = file()
      writeFileSync(path, bytes.subarray(0, cut))
      const { report: resumed } = await report(source, { file: path })
      expect(resumed, `cut at ${cut}`).toMatchObject(complete)
      const numbers = resumed.findings.map(({ orderNo }) => orderNo).sort()
      expect(numbers, `cut at ${cut}`).toEqual(paid.map(numberOf))
    }
  })

  it('of a finished report gives it again, without a query', async () => {
    const { report, control } = desk()
    const { path, source } = await made(desk())
    control.clearRequests()
    const { report: again } = await report(source, { file: path })
    expect(again).toMatchObject(complete)
    expect(control.requests({ operation: 'query' })).toEqual([])
    expect(source.rereads).toHaveLength(2)
  })

  it('is refused when a line of it was changed, removed or moved, by the number of the line', async () => {
    const { report, file } = desk()
    const { source, bytes } = await made(desk())
    const lines = bytes.toString('utf8').split('\n').slice(0, -1)
    const [header = '', first = '', second = '', ...rest] = lines
    const damaged: [string, readonly string[], number][] = [
      ['changed', [header, first.replace('"shop"', '"show"'), second, ...rest], 2],
      [
        'changed in a number',
        [header, first, second.replace(/"trades":\d+/, '"trades":1'), ...rest],
        3,
      ],
      ['removed', [header, second, ...rest], 2],
      ['moved', [header, first, ...rest.slice(0, 1), second], 3],
      ['no report', ['hello', ...rest], 1],
      ['not JSON', [header, first, '\u0000\u0000', ...rest], 3],
    ]
    for (const [name, kept, nth] of damaged) {
      const path = file()
      writeFileSync(path, kept.map((line) => `${line}\n`).join(''))
      const before = readFileSync(path)
      const what = nth === 1 ? 'it is not the state of a report' : `line ${nth} is damaged`
      await expect(report(source, { file: path }), name).rejects.toThrow(
        new StateFileError(`Cannot resume from "${path}": ${what}`),
      )
      expect(readFileSync(path), name).toEqual(before)
    }
  })

  it('is not touched when it is some other file', async () => {
    const { report, file } = desk()
    const path = file()
    writeFileSync(path, 'a photo, without an end of line')
    await expect(report(new MemorySource([]), { file: path })).rejects.toThrow(/not the state/)
    expect(readFileSync(path, 'utf8')).toBe('a photo, without an end of line')
  })

  it.each([
    [
      'another table',
      { place: 'memory archive' },
      {},
      /is about source "shop" \(memory orders\).* and this report is about source "shop" \(memory archive\)/,
    ],
    ['another source', { name: 'b' }, {}, /this report is about source "b"/],
    ['other days', {}, { days: 3 }, /it is about 16 days, and this report is about 3 days/],
    [
      'another merchant',
      {},
      { wechat: { mchId: '1900000001' } },
      /this report is about merchant 1900000001 \(wechatpay\)/,
    ],
    [
      'other app ids',
      {},
      { wechat: { appIds: ['wx1', 'wx2'] } },
      /this report is about app ids wx1, wx2/,
    ],
  ])('is refused for %s, which it names', async (_, place, options, message) => {
    const { report } = desk()
    const { path, source } = await made(desk())
    const other = new MemorySource(source.rows, place)
    await expect(report(other, { file: path, ...options })).rejects.toThrow(message)
  })

  it('is not shared by two reports', async () => {
    const { report, file } = desk()
    const rows = rowsOf(30)
    for (const row of rows) place(desk().control, row)
    const path = file()
    const source = new MemorySource(rows)
    source.beforePage = (nth) => {
      if (nth === 3) writeFileSync(path, 'x', { flag: 'a' })
    }
    await expect(report(source, { file: path })).rejects.toThrow(/another report has written to it/)
  })

  it('names the directory that is not there', async () => {
    const { report, file } = desk()
    const path = `${file()}/state.jsonl`
    await expect(report(new MemorySource([]), { file: path })).rejects.toThrow(
      `Cannot use ${JSON.stringify(path)}: ENOENT`,
    )
  })
})

it('a state file copied elsewhere is as good', async () => {
  const { report, file } = desk()
  const { path, source } = await made(desk())
  const copy = file()
  copyFileSync(path, copy)
  expect((await report(source, { file: copy })).report).toMatchObject(complete)
})
