import type { SourceConfig } from '../../config/sources/source-config.ts'
import { type ExaminedSource, examineSource } from '../../sources/examine.ts'
import { describeFailure } from '../failure.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Whether each table of a shop can be read, and what `budan sources` has more to say of. */
export async function examineSources(
  sources: readonly SourceConfig[],
  now: Date,
): Promise<readonly Finding[]> {
  return (await Promise.all(sources.map((config) => examineOne(config, now)))).flat()
}

async function examineOne(config: SourceConfig, now: Date): Promise<readonly Finding[]> {
  const name = `source ${config.name}`
  try {
    return findingsOf(name, await examineSource(config, now))
  } catch (error) {
    const [detail = ''] = describeFailure(error).lines
    return [fail(name, { detail, next: 'see `budan sources` and docs/sources.md' })]
  }
}

function findingsOf(name: string, examined: ExaminedSource): readonly Finding[] {
  const { table, server, statuses, traps } = examined
  const unknown = statuses?.filter(({ standing }) => standing === 'unknown') ?? []
  // Rows that take too long to be counted are a point as well.
  const points = traps.length + (statuses === null ? 1 : 0)
  const findings = [
    ...unknown.map(({ status }) =>
      warn(name, {
        detail: `${table} has a status that the mapping does not name: ${JSON.stringify(status)}`,
        next: 'name each status under sources; docs/sources.md says what they mean',
      }),
    ),
    ...(points === 0
      ? []
      : [
          warn(name, {
            detail: `${table}: ${points} points of the schema need a look`,
            next: 'run `budan sources`: it says each, and how to mend it',
          }),
        ]),
  ]
  return findings.length === 0 ? [ok(name, `${table} on ${server} can be read`)] : findings
}
