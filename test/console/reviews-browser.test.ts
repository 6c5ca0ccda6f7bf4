import { describe, expect, it } from 'vitest'
import { openDesk } from '../review/desk.ts'
import { expectAccessible } from './axe.ts'
import { apiToken, useConsoles } from './browser.ts'

const openConsole = useConsoles()

describe('a review, in a browser', () => {
  it.each([
    [
      { locale: 'en', theme: 'dark' },
      { query: 'Query the gateway', credit: /^credit/, name: 'Your name', reason: 'Reason' },
      { token: 'Your token', carryOut: 'Apply', done: 'Done: the order is credited.' },
    ],
    [
      { locale: 'zh', theme: 'light', mobile: true },
      { query: '查询微信支付', credit: /^入账/, name: '您的姓名', reason: '理由' },
      { token: '再次输入令牌', carryOut: '确认执行', done: '处理完成：订单已入账。' },
    ],
    [
      { locale: 'en', javaScript: false },
      { query: 'Query the gateway', credit: /^credit/, name: 'Your name', reason: 'Reason' },
      { token: 'Your token', carryOut: 'Apply', done: 'Done: the order is credited.' },
    ],
  ] as const)('is resolved from the list to its result: %j', async (options, words, ends) => {
    const { world, page } = await openConsole()
    const desk = await openDesk(world)
    desk.pay()
    const hasScript = !('javaScript' in options)
    const tab = await page(options)
    const check = async () => {
      if (hasScript) await expectAccessible(tab)
    }
    await tab.goto('/reviews')
    await check()
    await tab.getByRole('link', { name: desk.orderNo, exact: true }).click()
    await tab.getByRole('button', { name: words.query }).waitFor()
    await check()
    await tab.getByRole('button', { name: words.query }).click()
    await tab.getByRole('radio', { name: words.credit }).check()
    await check()
    await tab.getByLabel(words.name).fill('李雷')
    await tab.getByLabel(words.reason).fill('付款人已出示账单')
    await tab.getByLabel(ends.token).fill(apiToken)
    await tab.getByRole('button', { name: ends.carryOut }).click()
    await tab.getByText(ends.done).waitFor()
    await check()
    expect(await desk.balance()).toBe(100n)
    expect((await desk.timeline()).at(-1)).toMatchObject({ operator: '李雷', kind: 'resolved' })
    expect(new URL(tab.url()).pathname).toBe(`/reviews/${desk.orderNo}`)
  })

  it('shows what strangers wrote as text, and runs none of it', async () => {
    const { world, page } = await openConsole()
    const hostile = '<script>document.title="x"</script><img src=x onerror="document.title=1">'
    const orderNo = 'HOSTILE-1'
    world.control.putOrder({ out_trade_no: orderNo, total: 100 })
    const facts = { orderNo, userId: '<b>u</b>', amount: 100n, description: hostile }
    await world.budan.adoptOrder({ ...facts, createdAt: null, expiresAt: null })
    world.control.answerAs(orderNo, { trade_state: 'REFUND', attach: hostile })
    await world.budan.checkOrder(orderNo)
    const tab = await page()
    await tab.goto(`/reviews/${orderNo}`)
    await tab.getByText(hostile).waitFor()
    await tab.getByRole('button', { name: 'Query the gateway' }).click()
    await tab.getByText('The answer, masked').click()
    await tab.locator('pre', { hasText: 'onerror' }).waitFor()
    expect(await tab.title()).toContain('Review of')
  })
})
