import { afterAll, describe, expect, it } from 'vitest'
import { billText, type MadeRow, yuan } from '../support/bill-file.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
afterAll(() => directory.remove())

const { write } = directory

const paid: readonly MadeRow[] = [1, 2, 3].map((nth) => ({
  orderNo: `NO000${nth}`,
  transactionId: `420000250000000000000000000${nth}`,
  amount: BigInt(100 + nth),
  at: new Date(Date.parse('2026-01-24T10:00:00+08:00') + nth * 1000),
}))
const bill = write('bill.csv', billText({ rows: paid }))

interface Given {
  readonly header: string
  /** The cells behind number and amount. */
  readonly rest?: (nth: number) => string
  readonly amount?: (fen: bigint) => string
  readonly more?: readonly string[]
  readonly map?: string
}

/** A person who gives these answers, and then ends the input. */
async function reconciling(
  { header, rest = () => '', amount = yuan, more = [], map }: Given,
  answers: readonly string[],
) {
  const rows = paid.map((row, nth) => `${row.orderNo},${amount(row.amount)}${rest(nth)}`)
  const orders = write('orders.csv', [header, ...rows, ...more, ''].join('\n'))
  const prompts: string[] = []
  const prompt = async (text: string) => {
    prompts.push(text)
    return answers[prompts.length - 1] ?? null
  }
  const mapped = map === undefined ? [] : ['--map', write('map.yaml', map)]
  const args = ['reconcile', '--json', '--bill', bill, '--orders', orders, ...mapped]
  const { code, stdout, stderr } = await runInProcess(args, {}, { prompt })
  const result = stdout === '' ? null : JSON.parse(stdout)
  const keep = stderr
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.slice(2))
  return { code, result, stderr, prompts, keep: keep.join('\n') }
}

const wrong = /^That is none of them\.$/gm

describe('budan reconcile on a terminal', () => {
  it('prompts for nothing where all is recognized, and prints no map', async () => {
    const given = { header: 'order_no,amount,status', rest: () => ',paid' }
    const { code, prompts, stderr } = await reconciling(given, [])
    expect({ code, prompts }).toEqual({ code: 0, prompts: [] })
    expect(stderr).not.toContain('--map')
  })

  it('takes Enter for "no column of statuses", and keeps it in the map', async () => {
    const { code, result, keep } = await reconciling({ header: 'order_no,amount' }, [''])
    expect({ code, verdict: result.verdict }).toEqual({ code: 0, verdict: 'agree' })
    expect(keep).toMatch(/^status: paid$/m)
    const again = await reconciling({ header: 'order_no,amount', map: keep }, [])
    expect(again).toMatchObject({ code: 0, prompts: [] })
  })

  it.each<[string, Given, readonly string[]]>([
    ['for the first column', { header: 'a,b,c', rest: () => ',x' }, []],
    ['for the column of statuses', { header: 'a,b,c', rest: () => ',x' }, ['1', '2']],
    ['for a status', { header: 'order_no,amount,status', rest: () => ',x' }, []],
    [
      'for a second status',
      { header: 'order_no,amount,status', rest: (nth) => `,x${nth}` },
      ['p', 'wrong'],
    ],
  ])('compares nothing when the input ends at the prompt %s', async (_, given, answers) => {
    const { code, result, stderr, prompts } = await reconciling(given, answers)
    expect({ code, result }).toEqual({ code: 1, result: null })
    expect(stderr).toMatch(/^Nothing was compared: the prompts were ended$/m)
    expect(prompts).toHaveLength(answers.length + 1)
  })

  it.each<[string, string, readonly string[]]>([
    ['a number beyond the columns', 'number,amount,status', ['4', '0', '-1', '1']],
    ['a name that no column has', 'number,amount,status', ['Number', 'num', 'number']],
    ['nothing', 'number,amount,status', ['', '  ', '1']],
    ['a column that is there twice', 'number,amount,status,id,id', ['id', '4', '1']],
    ['nothing, where a column has no name', 'number,amount,status,', ['', '4', '1']],
  ])('prompts again for the column after %s', async (_, header, answers) => {
    const rest = () => `,paid${',x'.repeat(header.split(',').length - 3)}`
    const { code, stderr, prompts, keep } = await reconciling({ header, rest }, answers)
    expect(prompts).toHaveLength(answers.length)
    expect(stderr.match(wrong)).toHaveLength(answers.length - 1)
    expect(keep).toMatch(/^ {2}order_no: number$/m)
    expect({ code, stderr }).toMatchObject({ code: 0 })
  })

  it('does not take a column without a name for "no column of statuses"', async () => {
    const given = { header: 'order_no,amount,', rest: () => ',open', more: ['NO0009,5,open'] }
    const { code, stderr, prompts } = await reconciling(given, ['3'])
    expect(stderr.match(wrong)).toHaveLength(1)
    expect({ code, prompts: prompts.length }).toEqual({ code: 1, prompts: 2 })
  })

  it('takes the unit from the name of the column that is chosen', async () => {
    const given = { header: 'order_no,sum_fen,status', rest: () => ',paid', amount: String }
    const { code, keep } = await reconciling(given, ['2'])
    expect(code).toBe(0)
    expect(keep).toMatch(/^ {2}amount:\n {4}column: sum_fen\n {4}unit: fen$/m)
  })

  it('sorts statuses by what the person says of each, and its map says the same later', async () => {
    const statuses = ['A', 'B', 'C']
    const given = { header: 'order_no,amount,status', rest: (nth: number) => `,${statuses[nth]}` }
    const first = await reconciling(given, ['P', 'q', '', ' u ', 'R'])
    expect(first.prompts.map((text) => /"(.)"/.exec(text)?.[1])).toEqual(['A', ...'BBB', 'C'])
    expect(first.keep).toContain('paid:\n    - A\n  unpaid:\n    - B\n  refunded:\n    - C')
    expect(first.result.findings).toMatchObject([{ kind: 'missed_payment', order_no: 'NO0002' }])
    const later = await reconciling({ ...given, map: first.keep }, [])
    expect(later.prompts).toEqual([])
    expect(later.result).toEqual(first.result)
  })

  it('adds to a map what it does not say, and keeps what it says', async () => {
    const map =
      'columns: { amount: { column: sum, unit: yuan } }\nstatus: paid\nonly: { pay: wx }\n'
    const rest = () => ',wx'
    const given = { header: 'no1,sum,pay', rest, more: ['ALI1,5,ali'], map }
    const { code, result, keep } = await reconciling(given, ['1'])
    expect({ code, skipped: result.orders.skipped }).toEqual({ code: 0, skipped: 1 })
    expect(keep).toMatch(/^ {2}order_no: no1$/m)
    expect(keep).toMatch(/^status: paid$/m)
    expect(keep).toMatch(/^only:\n {2}pay: wx$/m)
  })

  it('keeps the statuses of a map, and prompts for the others alone', async () => {
    const given = { header: 'order_no,amount,status', rest: (nth: number) => `,${nth}` }
    const map = 'status: { paid: ["0"], unpaid: ["2"] }\n'
    const { prompts, keep, result } = await reconciling({ ...given, map }, ['p'])
    expect(prompts).toEqual([expect.stringContaining('"1"')])
    expect(keep).toMatch(/paid:\n {4}- "0"\n {4}- "1"\n {2}unpaid:\n {4}- "2"/)
    expect(result.counts).toMatchObject({ missed_payment: { count: 1 } })
  })

  it('prompts for 30 statuses at most: a column with more holds none', async () => {
    const more = Array.from({ length: 40 }, (_, nth) => `X${nth},1,s${nth}`)
    const given = { header: 'order_no,amount,status', rest: () => ',paid', more }
    const { code, prompts, result } = await reconciling(given, Array(40).fill('u'))
    expect(prompts).toHaveLength(30)
    expect({ code, faults: result.fault_count }).toEqual({ code: 2, faults: 10 })
    expect(result.faults[0]).toEqual({
      ...{ line: 35, order_no: 'X30', column: 'status', value: 's30', problem: 'status_unknown' },
    })
  })
})
