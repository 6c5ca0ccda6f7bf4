import { EventEmitter, once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { corrupt, place, placePaid } from '../contract/store-fixtures.ts'
import { openDesk as openReview } from '../review/desk.ts'
import { freshDatabase, freshStore } from '../support/stores.ts'
import { type Desk, useDesks } from './desk.ts'

const openDesk = useDesks()
/** A store on a switch; `calls` are those that were made since it was opened. */
async function switchedStore(kind: 'pglite' | 'postgres' = 'pglite') {
  const held = new Map<keyof Store, Promise<unknown>>()
  const state = {
    isAway: false,
    hangs: [] as (keyof Store)[],
    calls: [] as string[],
    /** The next answer is this one, once what is returned is called. */
    hold: (name: keyof Store, answer: unknown) => {
      const ended = new EventEmitter()
      held.set(
        name,
        once(ended, 'end').then(() => answer),
      )
      return () => ended.emit('end')
    },
  }
  const store = new Proxy(await freshStore(kind), {
    get: (target, name: keyof Store) => {
      const method = target[name]
      if (typeof method !== 'function') return method
      return (...values: unknown[]) => {
        state.calls.push(name)
        if (state.isAway && name !== 'close') return Promise.reject(new StoreError('it is away'))
        if (state.hangs.includes(name)) return new Promise(() => {})
        const answer = held.get(name)
        held.delete(name)
        return answer ?? Reflect.apply(method, target, values)
      }
    },
  })
  return { store, state }
}

/** One run by the clock, which then waits. */
async function started(desk: Desk): Promise<void> {
  desk.world.budan.start()
  await desk.world.waitFor('scan_empty')
}

async function refused(desk: Desk): Promise<void> {
  await desk.world.adopt('ORDER-1')
  await desk.world.advanceMins(6)
  desk.world.control.addFault({
    operation: 'query',
    fault: { kind: 'error', status: 401, code: 'SIGN_ERROR' },
  })
  await desk.world.budan.run({ dryRun: false })
}

function inChinese(desk: Desk) {
  return desk.send('/preferences', { locale: 'zh', next: '/' }, '/')
}

describe('the overview', () => {
  it('says at a glance that the promise is kept, and what it is', async () => {
    const desk = await openDesk()
    await started(desk)
    const { status, text } = await desk.read('/')
    expect(status).toBe(200)
    expect(text).toContain('Payments')
    expect(text).toContain('Payments: OK. Every payment that budan knows of is credited')
    expect(text).toContain('credits every order that was paid at WeChat Pay exactly once')
    expect(text).not.toContain('What to do')
    const chinese = await inChinese(desk)
    expect(chinese.text).toContain('收款正常。已知的付款全部入账')
    expect(chinese.text).not.toMatch(/怎么办|undefined|NaN/)
  })

  it('has every number of the verdict, without any script', async () => {
    const desk = await openDesk()
    const { world } = desk
    for (const orderNo of ['ORDER-1', 'ORDER-2', 'ORDER-3']) await world.adopt(orderNo)
    world.control.pay('ORDER-1', { callback: false })
    await world.budan.checkOrder('ORDER-1')
    world.control.pay('ORDER-2', { callback: false })
    await world.advanceMins(6)
    world.budan.start()
    await world.waitFor('run_finished')
    const { text } = await desk.read('/')
    expect(text).toContain('Paid, but not credited')
    expect(text).toContain('Oldest order not queried none')
    expect(text).toContain('under 1 s median 6 min p99')
    expect(text).toContain('Median and p99 of 2 credits in the last 6 hours')
    expect(text).toContain('check by hand 1 50 % under 1 s')
    expect(text).toContain('compensation job 1 50 % 6 min 6 min')
    expect(text).toContain('not confirmed yet 1 Whether it was paid is not confirmed yet.')
    expect(text).toContain('✓ paid 2 Paid, and credited once.')
    expect(text).toContain('Queries ✓ OK queries go through')
    expect(text).toMatch(/WeChat Pay ✓ OK This node, last 10 minutes: \d calls/)
    expect(text).toContain('Next run 15:10:00')
    expect(text).toContain('The last one finished at 2026-01-24 15:06:00')
    expect(text).toMatch(/Last runs Run Started .* 1 2026-01-24 15:06:00 ✓ finished start 2 1 0/)
    // What the charts show, as a table: check and compensation are six minutes apart.
    expect(text).toContain('2026-01-24 15:05 1 6 min 6 min')
    expect(text).toContain('2026-01-24 15:00 1 under 1 s under 1 s 1 0')
  })

  it('counts how long the oldest order waits for its first query', async () => {
    const desk = await openDesk()
    await desk.world.adopt('ORDER-1')
    await desk.world.advanceMins(3)
    const { text } = await desk.read('/')
    expect(text).toContain(
      'Oldest order not queried 3 min The oldest order that is not confirmed yet',
    )
    expect(text).toContain('queries WeChat Pay once the order is 5 min old')
  })

  it('explains itself to somebody who has no orders yet', async () => {
    const { text } = await (await openDesk()).read('/')
    expect(text).toContain('There are no orders yet.')
    expect(text).toContain('There are no runs yet.')
    expect(text).toContain('No credit in the last 6 hours.')
  })

  it('shows another period where one is requested, and the usual one for nonsense', async () => {
    const desk = await openDesk()
    expect((await desk.read('/?hours=24')).text).toContain('No credit in the last 24 hours.')
    expect((await desk.read('/?hours=1')).text).toContain('No credit in the last hour.')
    for (const hours of ['7', '-1', '', 'x', '1e9', '%00']) {
      expect((await desk.read(`/?hours=${hours}`)).text).toContain('in the last 6 hours')
    }
  })
})

describe('the overview in a red state says what is wrong and what to do:', () => {
  const dangers: readonly {
    name: string
    makeWrong: (desk: Desk) => Promise<void>
    options?: Parameters<typeof openDesk>[0]
    en: readonly string[]
    zh: readonly string[]
  }[] = [
    {
      name: 'the clock is stopped',
      makeWrong: async () => {},
      en: ['Payments: at risk', 'The timer of this process is stopped', 'Restart this process'],
      zh: ['收款有风险', '本进程的定时器已停止', '请重启本进程'],
    },
    {
      name: 'the breaker is open',
      makeWrong: refused,
      en: [
        'runs are held back: 401: the serial number is not that of our private key, or not one of this merchant',
        '“budan doctor” checks keys, clock',
        'Queries ✗ fault',
        'WeChat Pay ! warning',
      ],
      zh: [
        '401：证书序列号与我方私钥不符，或不属于本商户',
        '用 budan doctor 逐项检查',
        '查询 ✗ 故障',
      ],
    },
    {
      name: 'orders are not queried',
      makeWrong: async ({ world }) => {
        await world.adopt('ORDER-1')
        await world.advanceMins(65)
      },
      en: ['Queries of orders are 1 h late', 'This is a consequence of'],
      zh: ['晚了 1 小时还没有查询', '这是上面的问题引起的'],
    },
    {
      name: 'a person is waited for',
      makeWrong: async ({ world }) => void (await openReview(world)),
      en: ['1 order waits for review', 'Open the queue'],
      zh: ['有 1 笔订单等待人工处理', '打开待处理列表'],
    },
    {
      name: 'WeChat Pay does not answer',
      makeWrong: async ({ world }) => {
        await world.adopt('ORDER-1')
        const fault = { kind: 'error', status: 502, code: 'SYSTEM_ERROR' } as const
        world.control.addFault({ operation: 'query', fault })
        for (let call = 0; call < 5; call += 1) await world.budan.checkOrder('ORDER-1')
      },
      en: [
        '5 queries in a row had no valid answer',
        'errors of the gateway (5xx)',
        'WeChat Pay’s notices',
      ],
      zh: ['连续 5 次查询没有得到有效应答', '对方出错（5xx）', '检查密钥和网络'],
    },
    {
      name: 'WeChat Pay does not answer any more, after many good answers',
      makeWrong: async ({ world }) => {
        await world.adopt('ORDER-1')
        for (let call = 0; call < 20; call += 1) await world.budan.checkOrder('ORDER-1')
        await world.advanceMins(1)
        const fault = { kind: 'error', status: 502, code: 'SYSTEM_ERROR' } as const
        world.control.addFault({ operation: 'query', fault })
        for (let call = 0; call < 5; call += 1) await world.budan.checkOrder('ORDER-1')
      },
      en: ['5 queries in a row had no valid answer', 'WeChat Pay ! warning'],
      zh: ['连续 5 次查询没有得到有效应答', '微信支付 ! 留意'],
    },
    {
      name: 'nobody makes the runs that are to be made by hand',
      options: { recharge: { compensationEnabled: false } },
      makeWrong: async () => {},
      en: [
        'Payments: OK, with warnings',
        'compensation_enabled is off',
        'Start a run now',
        'by hand only',
      ],
      zh: ['需要关注', 'compensation_enabled 已关闭', '请现在运行一次', '仅手动'],
    },
  ]

  it.each(dangers)('$name', async ({ makeWrong, options, en, zh }) => {
    const desk = await openDesk(options)
    await makeWrong(desk)
    const english = await desk.read('/')
    expect(english.status).toBe(200)
    for (const words of [...en, 'What to do:']) expect(english.text).toContain(words)
    const chinese = await inChinese(desk)
    for (const words of [...zh, '怎么办：']) expect(chinese.text).toContain(words)
  })

  it('a paid order has no credit', async () => {
    const { store, database } = await freshDatabase('pglite')
    const desk = await openDesk({ store })
    const { orderNo } = await placePaid(store)
    await corrupt({ database }, [`delete from entries where order_no = '${orderNo}'`])
    await desk.send('/audit', {}, '/audit')
    const page = await desk.read('/')
    expect(page.text).toContain(
      'The ledger does not agree with the orders: Paid, not credited 1; Unbalanced 1.',
    )
    expect(page.text).toContain('Make no payouts from these balances')
    expect(page.text).toMatch(/Paid, but not credited 1 Orders that budan knows/)
    expect(desk.links(page, /Open audit/)).toEqual(['/audit'])
  })

  it('the database is away, and the page comes nevertheless', async () => {
    const { store, state } = await switchedStore()
    const desk = await openDesk({ store })
    state.isAway = true
    const { status, text } = await desk.read('/')
    expect(status).toBe(200)
    expect(text).toContain('The database does not answer, so nothing is credited.')
    expect(text).toContain('Check that the database runs')
    expect(text).toContain('Waiting for review unknown')
    const orders = await desk.read('/orders')
    expect(orders.status).toBe(503)
    expect(orders.text).toContain('The database does not answer, so this page is not available.')
    const form = await desk.send('/orders/ORDER-1/check', {}, '/')
    expect(form.text).toContain('Whether the request took effect is not known')
    const chinese = await inChinese(desk)
    for (const words of ['数据库没有应答', '请确认数据库正在运行', '待人工处理 未知']) {
      expect(chinese.text).toContain(words)
    }
    for (const page of [text, chinese.text]) expect(page).not.toMatch(/it is away|StoreError/)
    state.isAway = false
  })

  it('the database hangs: nobody waits for it longer than some seconds, and it is queried once', async () => {
    const { store, state } = await switchedStore()
    const desk = await openDesk({ store })
    state.hangs = ['vitals', 'listRuns']
    state.calls = []
    const pages = await Promise.all([desk.read('/'), desk.read('/'), desk.read('/')])
    for (const { text } of pages) expect(text).toContain('its tables cannot be read within 3 s')
    expect(state.calls.filter((name) => name === 'listRuns')).toHaveLength(1)
  })
})

describe('an audit for the viewer', () => {
  it('comes from having the books audited, and sees them as they are', async () => {
    const desk = await openDesk()
    await desk.read('/')
    await desk.send('/audit', {}, '/audit')
    const { text } = await desk.read('/')
    expect(text).toMatch(/Paid, but not credited 0 .* Counted at 2026-01-24 15:00:00/)
  })

  it('waits for no audit, which reads whole tables', async () => {
    const { store, state } = await switchedStore()
    const desk = await openDesk({ store })
    await place(store)
    state.hangs = ['audit']
    const { text } = await desk.read('/')
    expect(text).toContain('Counting …')
    expect(text).toContain('✓ OK')
  })

  it('has nothing read but ends of indexes', async () => {
    const { store, state } = await switchedStore()
    const desk = await openDesk({ store })
    state.calls = []
    await desk.read('/')
    const cheap = ['now', 'vitals', 'schema', 'writeFault', 'listRuns', 'listCredits']
    // For the menu: of those that are open alone.
    cheap.push('openExceptions')
    // The audit is begun once the page has what it shows, and by nobody who waits.
    expect(new Set(state.calls.filter((name) => name !== 'audit'))).toEqual(new Set(cheap))
  })

  it('is nobody, and then nothing is read', async () => {
    const { store, state } = await switchedStore()
    const { world } = await openDesk({ store })
    state.calls = []
    await world.adopt('ORDER-1')
    world.control.pay('ORDER-1', { callback: false })
    await world.budan.checkOrder('ORDER-1')
    await world.budan.run({ dryRun: false })
    expect(state.calls).toContain('transaction')
    for (const name of ['vitals', 'listRuns', 'listCredits', 'audit']) {
      expect(state.calls).not.toContain(name)
    }
  })

  it('shows what others were shown a moment ago', async () => {
    const { store, state } = await switchedStore()
    const desk = await openDesk({ store })
    await desk.read('/')
    state.calls = []
    for (let page = 0; page < 10; page += 1) await desk.read('/')
    expect(state.calls.filter((name) => name === 'vitals')).toEqual([])
  })

  it('sees at once what has happened here', async () => {
    const desk = await openDesk()
    await desk.world.adopt('ORDER-1')
    expect((await desk.read('/')).text).toContain('✓ paid 0')
    desk.world.control.pay('ORDER-1', { callback: false })
    await desk.world.budan.checkOrder('ORDER-1')
    expect((await desk.read('/')).text).toContain('✓ paid 1')
  })

  it('sees what has happened since a reading that is under way was begun', async () => {
    const { store, state } = await switchedStore()
    const { world, read } = await openDesk({ store })
    await world.adopt('ORDER-1')
    const end = state.hold('vitals', await store.vitals([world.budan.merchant]))
    world.control.pay('ORDER-1', { callback: false })
    await world.budan.checkOrder('ORDER-1')
    state.calls = []
    const before = read('/')
    await vi.waitFor(() => expect(state.calls).toContain('vitals'), 20_000)
    const news = { source: 'check', paidAt: null, creditedAt: null } as const
    world.budan.emit({ type: 'order_credited', orderNo: 'ORDER-1', ...news })
    const after = read('/')
    end()
    await before
    expect((await after).text).toContain('✓ paid 1')
  })

  it('has an embedded database with many orders audited by hand alone', async () => {
    const { store, state } = await switchedStore()
    const many = new Proxy(store, {
      get: (target, name: keyof Store) =>
        name === 'vitals'
          ? async () => ({
              ...(await target.vitals([{ gateway: 'g', mchid: 'm', appid: 'a' }])),
              ordersByStatus: { pending: 0, paid: 10_001, expired: 0, review: 0 },
            })
          : target[name],
    })
    const desk = await openDesk({ store: many })
    const { text } = await desk.read('/')
    expect(text).toContain('Not counted yet. An embedded database with more than 10,000 orders')
    expect(state.calls).not.toContain('audit')
    expect(text).toContain('≈ 10,000')
  })
})
