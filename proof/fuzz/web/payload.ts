import fc from 'fast-check'
import type { Chance } from '../chance.ts'
import { hostileJson, type Members, objectText, Samples, spoiled } from '../hostile.ts'
import { mutated } from '../mutate.ts'
import type { KnownNames } from './request.ts'

const anyName = new Samples(fc.string({ unit: 'binary', maxLength: 40 }))

/** A body for that path: valid, nearly valid, or something else. */
export function payloadFor(
  path: string,
  { names, chance }: { names: KnownNames; chance: Chance },
): Buffer {
  const members = membersFor(path, { names, chance })
  const text = chance.weighed<() => string | Buffer>([
    [4, () => objectText(members)],
    [8, () => objectText(spoiled(members, chance))],
    [3, () => mutated(Buffer.from(objectText(members)), chance)],
    [2, () => hostileJson(chance)],
    [1, () => chance.bytes(chance.below(60))],
    [1, () => ''],
  ])()
  return Buffer.from(text)
}

function membersFor(
  path: string,
  { names, chance }: { names: KnownNames; chance: Chance },
): Members {
  if (path.includes('/review')) return reviewMembers(chance)
  if (path.includes('/abandon')) return [['reason', chance.pick(reasons)]]
  if (/^\/v1\/orders\/./.test(path)) return correctionMembers({ names, chance })
  if (path.includes('/runs')) return [['dry_run', chance.pick(['true', 'false'])]]
  const common: (readonly [string, string])[] = [
    ['user_id', JSON.stringify(chance.pick(names.userIds))],
    ['amount', String(1 + chance.below(100_000))],
    [
      'description',
      JSON.stringify(chance.pick(['credit', '充值', 'x'.repeat(127), anyName.pick(chance)])),
    ],
  ]
  if (chance.percent(30)) common.push(['app_id', chance.pick(appIds(names))])
  if (chance.percent(85)) common.push(['merchant', merchantText({ names, chance })])
  if (chance.percent(15)) return [...common, ['attach', '"season=autumn"']]
  const number = chance.percent(50) ? `ADOPT-${chance.below(2000)}` : chance.pick(names.orderNos)
  return [
    ...common,
    ['adopt', 'true'],
    ['order_no', JSON.stringify(number)],
    [
      'created_at',
      chance.pick([
        '"2026-10-01T16:00:00+08:00"',
        '"2020-01-01T00:00:00Z"',
        '"2026-10-01T16:33:00+08:00"',
      ]),
    ],
    [
      'expires_at',
      chance.pick([
        '"2026-10-01T18:00:00+08:00"',
        '"2099-12-31T23:59:59Z"',
        '"2026-10-01T16:30:01.999+08:00"',
      ]),
    ],
  ]
}

function merchantText({ names, chance }: { names: KnownNames; chance: Chance }): string {
  if (chance.percent(90)) return JSON.stringify(chance.pick(names.merchants))
  return chance.pick(['""', 'null', '1', '"nobody"', '"__proto__"', '["default"]', '"x\\u0000"'])
}

const reasons = ['"seen the receipt"', '" "', '"\\u0000"', '"\\ud800"', '"a\\nb"'] as const

function appIds({ appIds: known }: KnownNames): readonly string[] {
  return [...known.map((each) => JSON.stringify(each)), '"wx0"', '""', 'null', '"wx\\u0000"']
}

/** Any of the fields that may be corrected, and a reason. */
function correctionMembers({ names, chance }: { names: KnownNames; chance: Chance }): Members {
  const all: Members = [
    ['user_id', JSON.stringify(chance.pick(names.userIds))],
    ['amount', String(1 + chance.below(1000))],
    ['expires_at', chance.pick(['null', '"2026-10-01T18:00:00+08:00"', '"2099-12-31T23:59:59Z"'])],
    ['app_id', chance.pick(appIds(names))],
  ]
  const some = all.filter(() => chance.percent(40))
  return [...some, ['reason', chance.pick(reasons)]]
}

function reviewMembers(chance: Chance): Members {
  if (chance.percent(30)) return [['preview', 'true']]
  return [
    ['action', chance.pick(['"credit"', '"expire"', '"dismiss"', '"reopen"'])],
    ['name', chance.pick(['"Li"', '""', '"\\u202e"'])],
    ['reason', chance.pick(['"seen the receipt"', '" "', '"\\u0000"'])],
    ['seen', chance.pick(['"1"', '"2"', '"999999999999999999"', '1', '"-1"'])],
  ]
}
