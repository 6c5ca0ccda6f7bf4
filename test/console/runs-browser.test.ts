import { describe, expect, it } from 'vitest'
import { expectAccessible } from './axe.ts'
import { useConsoles } from './browser.ts'

const openConsole = useConsoles()

const query = 'query' as const

describe('run now, in a browser', () => {
  it.each([
    [{ locale: 'en', theme: 'light' }, 'Run now', /1 of 3 orders/, /1 credited · 2 no answer/],
    [
      { locale: 'zh', theme: 'dark', mobile: true },
      '立即补单',
      /已查询 1 \/ 3 笔/,
      /已入账 1 · 无应答 2/,
    ],
  ] as const)(
    'shows a bar, and then what became of each: %j',
    async (options, button, going, done) => {
      const { world, page } = await openConsole({ timeoutMs: 60_000 })
      const orderNos = ['ORDER-1', 'ORDER-2', 'ORDER-3']
      for (const orderNo of orderNos) await world.adopt(orderNo)
      world.control.pay('ORDER-1', { callback: false })
      await world.advanceMins(6)
      const fault = { kind: 'hang' } as const
      world.control.addFault({ operation: query, out_trade_no: orderNos.slice(1), fault })

      const tab = await page(options)
      await tab.goto('/runs')
      await expectAccessible(tab)
      await tab.getByRole('button', { name: button }).click()
      await tab.getByText(going).waitFor()
      expect(await tab.getByRole('progressbar').getAttribute('value')).toBe('1')
      await expectAccessible(tab)

      // The gateway goes away, and gives no more answers.
      await world.simulator.stop()
      await tab.getByText(done).waitFor()
      expect(await tab.getByRole('progressbar').count()).toBe(0)
      expect(await tab.getByRole('link', { name: 'ORDER-1' }).getAttribute('href')).toBe(
        '/orders/ORDER-1',
      )
      await expectAccessible(tab)
      expect(await world.balance('u1')).toBe(100n)
    },
  )

  it('needs no script', async () => {
    const { world, page } = await openConsole({ timeoutMs: 60_000 })
    await world.adopt('ORDER-1')
    await world.advanceMins(6)
    world.control.addFault({ operation: query, fault: { kind: 'hang' } })
    const tab = await page({ javaScript: false })
    await tab.goto('/runs')
    await tab.getByRole('button', { name: 'Dry run' }).click()
    await tab.getByRole('progressbar').waitFor()
    await world.simulator.stop()
    await world.waitFor('run_finished')
    await tab.getByRole('link', { name: 'Refresh' }).click()
    await tab.getByText('nothing was changed. This is what a run would do.').waitFor()
  })
})
