import { merchantOptions, SimulatorClock, startSimulator } from 'budan-simulator'
import { Agent, type Dispatcher } from 'undici'
import type { Chance } from '../chance.ts'
import { hostileJson, type Members, objectText, oddNumbers, spoiled } from '../hostile.ts'
import { present } from '../keys.ts'
import { mutated, mutatedText, wellFormed } from '../mutate.ts'
import {
  expectNoCrash,
  Finding,
  type InputResult,
  type OpenTarget,
  type Target,
} from '../target.ts'

/** The simulator's control interface: other projects' tests use it, so no input may crash it. */
export function simulatorTarget(): Target {
  return {
    name: 'simulator',
    weight: 2,
    async open({ keys }): Promise<OpenTarget> {
      const simulator = await startSimulator({
        ...merchantOptions(keys.merchant),
        ...{ clock: new SimulatorClock({ stepped: true, startAt: present }), requestLogMax: 10 },
      })
      const agent = new Agent({ connections: 1 })
      const { origin } = new URL(simulator.url)
      return {
        async feed(chance) {
          const { method, path, body } = controlBy(chance)
          const input = { method, path, body: body.toString('base64') }
          const answer = await expectNoCrash(input, () =>
            agent.request({ origin, method, path, body: method === 'GET' ? null : body }),
          )
          const text = await answer.body.text()
          if (chance.percent(1)) simulator.control.reset()
          return judge({ status: answer.statusCode, text, input })
        },
        close: async () => {
          await agent.close()
          await simulator.stop()
        },
      }
    },
  }
}

const orderMembers: Members = [
  ['out_trade_no', '"ORDER-1"'],
  ['total', '100'],
  ['notify_url', '"http://127.0.0.1:9/"'],
]

const requests: readonly (readonly [Dispatcher.HttpMethod, path: string, members: Members])[] = [
  ['GET', '/_sim', []],
  ['GET', '/_sim/orders?state=SUCCESS', []],
  ['POST', '/_sim/orders', orderMembers],
  ['GET', '/_sim/orders/ORDER-1', []],
  ['POST', '/_sim/orders/ORDER-1/pay', [['callback', 'false']]],
  ['POST', '/_sim/orders/ORDER-1/close', []],
  ['POST', '/_sim/orders/ORDER-1/refund', [['amount', '1']]],
  ['POST', '/_sim/orders/ORDER-1/state', [['state', '"NOTPAY"']]],
  ['POST', '/_sim/orders/ORDER-1/answer', [['trade_state', '"CLOSED"']]],
  ['POST', '/_sim/orders/ORDER-1/lose', [['lose', 'true']]],
  ['GET', '/_sim/orders/ORDER-1/deliveries', []],
  ['GET', '/_sim/truth', []],
  ['GET', '/_sim/requests?status=200', []],
  ['PATCH', '/_sim/switches', [['signing', '"public_key"']]],
  [
    'POST',
    '/_sim/faults',
    [
      ['kind', '"status"'],
      ['status', '500'],
      ['operation', '"query"'],
    ],
  ],
  ['DELETE', '/_sim/faults/1', []],
  ['POST', '/_sim/clock', [['advance_ms', '1000']]],
  ['GET', '/_sim/clock', []],
]

function controlBy(chance: Chance) {
  const [method, path, members] = chance.pick(requests)
  const order = `ORDER-${chance.below(5)}`
  const known = path.replace('ORDER-1', order)
  const bent = chance.percent(15) ? mutatedText(known, chance) : known
  const put = members.map(
    ([key, json]) => [key, key === 'out_trade_no' ? `"${order}"` : json] as const,
  )
  const text = chance.weighed<() => string | Buffer>([
    [4, () => objectText(put)],
    [8, () => objectText(spoiled(put, chance))],
    [2, () => mutated(Buffer.from(objectText(put)), chance)],
    [2, () => hostileJson(chance)],
    [
      2,
      () =>
        objectText([
          ...put,
          [chance.pick(['amount', 'at', 'payer', 'x']), chance.pick(oddNumbers)],
        ]),
    ],
    [1, () => ''],
  ])()
  return { method, path: pathOf(bent), body: Buffer.from(text) }
}

function pathOf(text: string): string {
  const plain = wellFormed(text).replace(/[^!-~]/gu, encodeURIComponent)
  // `wait_ms` would make the simulator wait for callbacks that never arrive.
  return `/${plain.replaceAll('#', '%23').replace(/^\/+/, '')}`.replaceAll('wait_ms', 'x')
}

function judge({
  status,
  text,
  input,
}: {
  status: number
  text: string
  input: unknown
}): InputResult {
  if (status >= 500)
    throw new Finding('wrong answer', `failed: ${status} ${text.slice(0, 500)}`, input)
  return status < 400 ? 'accepted' : 'rejected'
}
