import type { Random } from '../clock/random.ts'

/** Unusual values for fields of a trade that no decision depends on. */
export type Oddity = Readonly<Record<string, unknown>>

const absurdTexts = [
  '',
  ' ',
  '\0',
  '\ud800',
  '𝟙'.repeat(60),
  'x'.repeat(3000),
  '__proto__',
  '<script>',
] as const

const absurdShapes = [null, true, 0, -1, 1e308, [], {}, [[]], { total: {} }] as const

const times = [
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+08:00',
  '0001-01-01T00:00:00Z',
  '1582-10-15T00:00:00Z',
  '9999-12-31T23:59:59-14:00',
  '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00Z',
  '2026-13-45T99:99:99Z',
  '2026-01-24T15:00:00',
  '20260124150000',
  '2026-01-24T15:00:00.999999999999+08:00',
] as const

const members = [
  'success_time',
  'success_time',
  'attach',
  'payer',
  'trade_type',
  'trade_state_desc',
  'bank_type',
  'promotion_detail',
  'scene_info',
  'nobody_knows_this',
] as const

/** `undefined` leaves a field out. `attach` stays unchanged where decisions compare it. */
export function drawOddity(
  random: Random,
  { attachDecides }: { readonly attachDecides: boolean },
): Oddity | null {
  if (!random.chance(0.25)) return null
  const odd: Record<string, unknown> = {}
  for (let count = random.whole(1, 4); count > 0; count -= 1) {
    const name = random.pick(members)
    if (name === 'attach' && attachDecides) continue
    odd[name] = name === 'success_time' ? drawTime(random) : drawValue(random)
  }
  return odd
}

function drawTime(random: Random): unknown {
  return random.chance(0.6) ? random.pick(times) : drawValue(random)
}

function drawValue(random: Random): unknown {
  return random.pick<() => unknown>([
    () => undefined,
    () => random.pick(absurdTexts),
    () => random.pick<unknown>(absurdShapes),
    () => ({ openid: random.pick<unknown>([...absurdTexts, ...absurdShapes]) }),
    () => Array.from({ length: 200 }, () => ({ coupon_id: 'x', amount: random.whole(0, 9) })),
  ])()
}
