import { describe, expect, it } from 'vitest'
import { bareFen, fillEachState, names, notKnown, orderNoOf } from '../support/each-state.ts'
import { type Desk, type Read, useDesks } from './desk.ts'

const openDesk = useDesks()

/** What people read of a page: not the raw JSON, which programs and experts do. */
function wordsOf({ html }: Read): string {
  return html
    .replace(/<head>.*?<\/head>/s, '')
    .replaceAll(/<pre.*?<\/pre>/gs, ' ')
    .replaceAll(/<[^>]+>/g, ' ')
}

async function filled(locale: 'en' | 'zh'): Promise<Desk> {
  const desk = await openDesk({ locale })
  await fillEachState(desk.world)
  return desk
}

const paths = [
  ...['/', '/orders', '/reviews', '/reviews?show=dismissed', '/runs', '/accounts/u1', '/audit'],
  ...names.map((name) => `/orders/${orderNoOf(name)}`),
]

describe.each(['en', 'zh'] as const)('every page of an order in each state: %s', (locale) => {
  it('shows no bare fen, no time of UTC, and no word that nobody stands by', async () => {
    const desk = await filled(locale)
    const read: [string, Read][] = []
    for (const path of paths) read.push([path, await desk.read(path)])
    for (const name of ['SHORT', 'REFUND'] as const) {
      const path = `/reviews/${orderNoOf(name)}`
      const fields = { step: 'preview', order_no: orderNoOf(name) }
      read.push([path, await desk.send(path, fields, path)])
    }
    for (const [path, page] of read) {
      const text = wordsOf(page)
      expect.soft(page.status, path).toBe(200)
      expect.soft(text, path).not.toMatch(bareFen)
      expect.soft(text, path).not.toMatch(/\d T?\d\d:\d\d:\d\d(\.\d+)?Z|\d fen\b|\d 分(?!钟)/)
      expect.soft(text, path).not.toMatch(/unpaid|on its way back|待支付|款项正在退回/i)
      expect
        .soft(text, path)
        .not.toMatch(/接管|付款码|立即查询|对账检查|移出|一半不超过|订单.{0,9}过期/)
    }
  })

  it('says of none that nobody knows of that it was not paid', async () => {
    const desk = await filled(locale)
    const own = { en: /not paid|nobody (has )?paid|unpaid/i, zh: /未支付|没有人.*付过款|没有付款/ }
    for (const name of notKnown) {
      const page = await desk.read(`/orders/${orderNoOf(name)}`)
      const text = wordsOf(page)
      expect.soft(text, name).not.toMatch(own[locale])
      const isSaid = { en: /whether (it|the order) was paid is not known/i, zh: /不知道是否已支付/ }
      expect.soft(text, name).toMatch(isSaid[locale])
      expect.soft(text, name).toContain({ en: 'not confirmed yet', zh: '待确认' }[locale])
    }
  })

  it('says of a check that found no such order that nothing is known by it', async () => {
    const desk = await filled(locale)
    const path = `/orders/${orderNoOf('ABSENT')}`
    const { text } = await desk.send(`${path}/check`, {}, path)
    expect(text).toMatch(
      { en: /This does not show that nobody paid/, zh: /这不说明没有人付款/ }[locale],
    )
  })
})

it('a refund of ¥1 of ¥12345.67: queue and review say to refund the sum, with the number to look it up by', async () => {
  const desk = await filled('en')
  const path = `/reviews/${orderNoOf('REFUND')}`
  for (const page of [await desk.read('/reviews'), await desk.read(path)]) {
    expect(page.text).toMatch(/the gateway does not say how much Transaction id 4200\d+/)
    expect(page.text).toContain('Look up the refunded sum in the merchant console')
  }
  const fields = { step: 'preview', order_no: orderNoOf('REFUND') }
  const { text } = await desk.send(path, fields, path)
  expect(text).toContain('Beware: up to ¥12345.67 is at stake')
})
