import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { place, placePaid } from '../contract/store-fixtures.ts'
import { expectAccessible } from './axe.ts'
import { type Console, useConsoles } from './browser.ts'

/** What an operator does in a real browser with "I paid and have no credit". */

const openConsole = useConsoles()

const orderNo = 'RECH20260124150000AAAAAAAAA1'
const hostile = `<script>document.title='ran'</script><img src=x onerror="document.title='ran'">`

async function paidUnheard({ world }: Console): Promise<string> {
  await world.adopt(orderNo, { amount: 1200, userId: 'alice' })
  const { payments } = world.control.pay(orderNo, { callback: false })
  return payments[0]?.transaction_id ?? ''
}

async function search(page: Page, text: string): Promise<void> {
  await page.goto('/orders')
  await page.getByRole('searchbox').fill(text)
  await page.getByRole('searchbox').press('Enter')
}

/** Holds the browser's checks back until the returned function is called. */
async function holdChecks(page: Page): Promise<() => void> {
  let letGo = () => {}
  const gate = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route('**/check', async (route) => {
    await gate
    await route.continue()
  })
  return letGo
}

describe('an order that was paid, and whose callback was lost', () => {
  it('is found by its number, checked in place, and credited before the operator’s eyes', async () => {
    const opened = await openConsole()
    await paidUnheard(opened)
    const page = await opened.page()
    await search(page, ` ${orderNo} `)
    await page.waitForURL(`**/orders/${orderNo}`)
    await page.evaluate(() => {
      document.documentElement.dataset.same = 'page'
    })
    const letGo = await holdChecks(page)
    const button = page.getByRole('button', { name: 'Check now' })
    await button.click()
    await page.getByText('Querying WeChat Pay …').waitFor()
    expect(await button.isDisabled()).toBe(true)
    letGo()
    await page.getByRole('status').getByText('WeChat Pay was queried just now').waitFor()
    await page.getByText('Credited ¥12.00 to user').first().waitFor()
    expect(await opened.world.balance('alice')).toBe(1200n)
    expect(await page.locator('html').getAttribute('data-same')).toBe('page')
    expect(page.url()).toBe(`${opened.url}/orders/${orderNo}`)
    await expectAccessible(page)
  })

  it('leaves the focus at the answer, for people without a mouse', async () => {
    const opened = await openConsole()
    await paidUnheard(opened)
    const page = await opened.page()
    await page.goto(`/orders/${orderNo}`)
    await page.getByRole('button', { name: 'Check now' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('.notice:focus').getByText('WeChat Pay was queried just now').waitFor()
  })

  it('is found by the payer’s transaction id through WeChat Pay, and credited, in Chinese on a phone', async () => {
    const opened = await openConsole()
    const transactionId = await paidUnheard(opened)
    const page = await opened.page({ locale: 'zh', theme: 'dark', mobile: true })
    await search(page, transactionId)
    await page.getByRole('button', { name: '查询微信支付' }).click()
    await page.getByText(`支付 ${transactionId} 属于本订单`).waitFor()
    await page.getByRole('button', { name: '立即查单' }).click()
    await page.getByText('刚刚查询了微信支付').waitFor()
    expect(await opened.world.balance('alice')).toBe(1200n)
    await expectAccessible(page)
  })

  it('is credited without any script', async () => {
    const opened = await openConsole()
    await paidUnheard(opened)
    const page = await opened.page({ javaScript: false })
    await search(page, orderNo)
    expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText('WeChat Pay was queried just now').waitFor()
    expect(await opened.world.balance('alice')).toBe(1200n)
  })

  it('is not credited where WeChat Pay gives no answer, and the page says so in place', async () => {
    const opened = await openConsole()
    await paidUnheard(opened)
    opened.world.control.addFault({ operation: 'query', fault: { kind: 'reset' } })
    const page = await opened.page()
    await page.goto(`/orders/${orderNo}`)
    await page.getByRole('button', { name: 'Check now' }).click()
    await page
      .getByText('whether the order was paid is not known, and nothing was changed')
      .waitFor()
    expect(await opened.world.balance('alice')).toBe(0n)
  })

  it('is come back to by an operator whose login had ended', async () => {
    const opened = await openConsole()
    await paidUnheard(opened)
    const page = await opened.page()
    await page.goto(`/orders/${orderNo}`)
    await page.context().clearCookies({ name: 'budan_session' })
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByLabel('Token').fill('a token of the browser tests')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Check now' }).waitFor()
    expect(page.url()).toBe(`${opened.url}/orders/${orderNo}`)
    expect(await opened.world.balance('alice')).toBe(0n)
  })
})

describe('an order’s page', () => {
  it('runs nothing that a stranger wrote', async () => {
    const opened = await openConsole()
    const order = await placePaid(opened.world.store, {
      ...{ userId: hostile.slice(0, 60), description: hostile, attach: hostile },
    })
    const page = await opened.page()
    for (const path of [
      `/orders/${order.orderNo}`,
      '/orders',
      `/orders?q=${encodeURIComponent(hostile.slice(0, 60))}`,
      `/accounts/${encodeURIComponent(order.userId)}`,
    ]) {
      await page.goto(path)
      expect(await page.title()).not.toBe('ran')
      expect(await page.locator('main :is(script, img)').count()).toBe(0)
    }
    await page.goto(`/orders/${order.orderNo}`)
    await page.getByText(hostile, { exact: true }).first().waitFor()
  })

  it('copies its number and its raw data', async () => {
    const opened = await openConsole()
    const order = await place(opened.world.store)
    const page = await opened.page()
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto(`/orders/${order.orderNo}`)
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    const buttons = page.getByRole('button', { name: 'Copy' })
    await buttons.last().click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(JSON.parse(await copied())).toMatchObject({
      ...{ order_no: order.orderNo, events: [{ kind: 'created' }] },
    })
    await buttons.first().click()
    await page.getByRole('button', { name: 'Copied' }).first().waitFor()
    expect(await copied()).toBe(order.orderNo)
  })

  it('shows its timeline from either end', async () => {
    const opened = await openConsole()
    const order = await placePaid(opened.world.store)
    const page = await opened.page()
    await page.goto(`/orders/${order.orderNo}`)
    await page.getByRole('link', { name: 'Oldest first' }).click()
    await page.waitForURL('**order=oldest**')
    const events = page.locator('ol.timeline > li')
    expect(await events.first().textContent()).toContain('created')
    await expectAccessible(page)
  })
})

describe('the audit', () => {
  it('is made in place, with its counts explained', async () => {
    const opened = await openConsole()
    await placePaid(opened.world.store)
    const page = await opened.page({ theme: 'dark' })
    await page.goto('/audit')
    await page.getByRole('button', { name: 'Run the audit now' }).click()
    await page.getByText('OK: the ledger agrees with the orders.').waitFor()
    expect(await page.getByRole('article').count()).toBe(6)
    await expectAccessible(page)
  })
})
