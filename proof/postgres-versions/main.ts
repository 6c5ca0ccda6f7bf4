import { majors, type Outcome, tryVersion } from './version.ts'

// npm run postgres-versions -- [13 14 …]: the tests of what depends on PostgreSQL, against a real
// server of each major version. Needs npm and its registry, nothing else; about a minute a version.

const wanted = process.argv.slice(2)
const wrong = wanted.filter((major) => !majors.includes(major))
if (wrong.length > 0) {
  console.error(`No such version: ${wrong.join(', ')}. There are ${majors.join(', ')}.`)
  process.exit(2)
}

const outcomes: Outcome[] = []
for (const major of wanted.length > 0 ? wanted : majors) {
  const outcome = await tryVersion(major)
  outcomes.push(outcome)
  console.log(lineOf(outcome))
}

if (outcomes.length > 1) console.log(['', ...outcomes.map(lineOf)].join('\n'))
process.exitCode = outcomes.every(({ failed }) => failed === 0) ? 0 : 1

function lineOf({ version, passed, failed, seconds }: Outcome): string {
  const word = failed === 0 ? 'passed' : 'FAILED'
  return `PostgreSQL ${version.padEnd(6)} ${word}  ${passed} tests passed, ${failed} failed, ${seconds} s`
}
