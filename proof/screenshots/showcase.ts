import type { World } from '../../test/support/world.ts'

/** Numbers of orders whose pages show most, and of a run. */
export interface Showcase {
  readonly paidByCallback: string
  readonly paidByRun: string
  readonly paidLate: string
  readonly expired: string
  readonly shortInReview: string
  readonly refundedInReview: string
  readonly waiting: string
  readonly userId: string
  readonly runId: string
  /** A payment under a number that no order has. */
  readonly exceptionId: string
}

/** As far apart as runs are by default. */
const stepMins = 5

/** Fills a world with two hours of a small business: some forty orders with all outcomes. */
export async function fillShowcase(world: World): Promise<Showcase> {
  const simulation = new OrderSimulation(world)
  const paidLate = await simulation.place({ ttlMins: 15 })
  const expired = await simulation.place({ ttlMins: 15 })
  for (let each = 0; each < 12; each += 1) await simulation.sellSome(each)
  simulation.payLate(paidLate)
  await world.budan.checkOrder(paidLate)
  const paidByRun = await simulation.place()
  simulation.failOnce(paidByRun)
  await simulation.pass()
  simulation.pay(paidByRun)
  await simulation.pass()
  const shortInReview = await simulation.place()
  simulation.payShort(shortInReview)
  const refundedInReview = await simulation.place()
  simulation.payAndRefund(refundedInReview)
  await simulation.pass()
  const paidByCallback = await simulation.place()
  await simulation.payWithCallback(paidByCallback)
  const runId = await simulation.pass()
  const waiting = await simulation.place()
  const exceptionId = await simulation.payUnknown('RECH20260124150000Kf83nd9sQz')
  return {
    ...{ paidByCallback, paidByRun, paidLate, expired, waiting },
    ...{ shortInReview, refundedInReview, userId: 'user-1', runId, exceptionId },
  }
}

/** What users buy, and its price in fen. */
const bought = [
  ['月卡会员', 3000],
  ['充值 50 元', 5000],
  ['Recharge ¥100', 10_000],
  ['年卡会员', 19_800],
  ['单集课程', 990],
] as const

/** Places orders, and does what payers and networks do with them. */
class OrderSimulation {
  readonly #world: World
  #placed = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Of a number that nobody has placed here, seen when somebody looks for the payment. */
  async payUnknown(orderNo: string): Promise<string> {
    const { budan, control } = this.#world
    control.putOrder({ out_trade_no: orderNo, total: 5000 })
    control.pay(orderNo, { callback: false })
    const transactionId = control.order(orderNo).payments[0]?.transaction_id ?? ''
    await budan.traceTransaction(transactionId)
    const { items } = await budan.listExceptions({ orderNo })
    return items[0]?.id ?? ''
  }

  /** Orders that are as most are; every third callback is lost. */
  async sellSome(each: number): Promise<void> {
    for (let order = 0; order < 2 + (each % 3); order += 1) {
      const orderNo = await this.place()
      if ((each + order) % 4 === 3) continue
      if ((each + order) % 3 === 0) this.pay(orderNo)
      else await this.payWithCallback(orderNo)
    }
    if (each % 5 === 2) await this.pass()
    await this.pass()
  }

  async place({ ttlMins = 120 } = {}): Promise<string> {
    const { world, at } = { world: this.#world, at: this.#placed }
    this.#placed += 1
    const time = new Date(+world.now() + 8 * 3_600_000).toISOString().replaceAll(/\D/g, '')
    const orderNo = `RECH${time.slice(0, 14)}${String(at).padStart(4, '0')}DEMO26`
    const [description = '', amount = 0] = bought[at % bought.length] ?? []
    const userId = `user-${1 + (at % 7)}`
    await world.adopt(orderNo, { amount, userId, ttlMins, description })
    return orderNo
  }

  pay(orderNo: string): void {
    this.#world.control.pay(orderNo, { callback: false })
  }

  async payWithCallback(orderNo: string): Promise<void> {
    this.pay(orderNo)
    await this.#world.budan.receiveCallback(await this.#world.callback(orderNo))
  }

  payShort(orderNo: string): void {
    const { control } = this.#world
    const total = control.order(orderNo).total - 1
    control.pay(orderNo, { callback: false, answered: { amount: { total } } })
  }

  payAndRefund(orderNo: string): void {
    this.pay(orderNo)
    this.#world.control.refund(orderNo)
  }

  payLate(orderNo: string): void {
    this.#world.control.pay(orderNo, { callback: false, force: true })
  }

  failOnce(orderNo: string): void {
    const fault = { kind: 'error', status: 503, body: 'html' } as const
    this.#world.control.addFault({ operation: 'query', out_trade_no: orderNo, times: 1, fault })
  }

  /** Some time, and the run that follows it. */
  async pass(): Promise<string> {
    await this.#world.advanceMins(stepMins + 0.5)
    const { run } = await this.#world.budan.run({ dryRun: false })
    return run.id
  }
}
