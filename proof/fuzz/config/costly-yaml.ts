import type { Chance } from '../chance.ts'

/** YAML that takes much memory or time in a reader without bounds. */
export function costlyYaml(chance: Chance): string {
  return chance.pick<() => string>([
    () => `server: ${'['.repeat(chance.pick([100, 5000, 100_000]))}`,
    () => `server: ${'{a: '.repeat(chance.pick([100, 5000]))}`,
    () => `${'- '.repeat(chance.pick([100, 5000]))}x`,
    () => laughs(chance.pick([5, 9, 20])),
    () => `server: { port: ${'9'.repeat(chance.pick([400, 100_000]))} }`,
    () => `${'a'.repeat(100_000)}: 1`,
    () => Array.from({ length: 3000 }, (_, n) => `k${n}: {a: [b, {c: d}]}`).join('\n'),
    () => `a: &a\n  <<: *a\n`,
    () => `&a a: *a`,
    () => `server:\n${Array.from({ length: 200 }, (_, n) => `${' '.repeat(n + 1)}a:`).join('\n')}`,
    () => `${'"'.repeat(999)}`,
    () => `${'\t'.repeat(5000)}server: 1`,
    () => 'x'.repeat(1_000_001),
  ])()
}

/** The "billion laughs" attack: nested aliases that expand exponentially. */
function laughs(rounds: number): string {
  const lines = ['a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]']
  for (let round = 1; round < rounds; round += 1) {
    lines.push(
      `a${round}: &a${round} [${Array.from({ length: 9 }, () => `*a${round - 1}`).join(', ')}]`,
    )
  }
  return lines.join('\n')
}
