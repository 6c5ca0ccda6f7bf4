import pg from 'pg'
import type { Cluster } from './cluster.ts'
import type { Party } from './settings.ts'

/**
 *   none     it has no proof
 *   old      it was sealed without the gateway's words
 *   proven   with them
 */
type ProofKind = 'none' | 'old' | 'proven'

export interface ProvedCredit {
  readonly number: string
  readonly mchid: string
  readonly proof: ProofKind
  /** The order, or one of its events, has no seal where one is needed. */
  readonly unsealed: boolean
}

/** What `budan audit --verify` counts. */
interface Counts {
  readonly unproven: number
  readonly unverifiable: number
  readonly unproven_old: number
}

export interface ProofFigures {
  readonly creditedBy: Readonly<Record<'before' | 'now', number>>
  readonly endOfOld: Counts
  readonly sealed: Readonly<Record<'orders' | 'credits', number>>
  readonly sealedAgain: Counts
}

interface Proved {
  readonly figures: ProofFigures
  readonly findings: readonly string[]
}

/** When no node of before is left: what has no proof, and that sealing again leaves nothing unproven. */
export async function sealAgain(cluster: Cluster, parties: readonly Party[]): Promise<Proved> {
  const findings: string[] = []
  const by = { before: await cluster.credited('before'), now: await cluster.credited('now') }
  const credits = await readProvedCredits(cluster.databaseUrl)
  const endOfOld = await countsOf(cluster, findings)
  const seal = await cluster.run('now', ['audit', '--seal-old', '--yes', '--json'])
  if (seal.code !== 0) findings.push(`audit --seal-old: ${seal.output}`)
  const sealed = { orders: Number(seal.json?.orders), credits: Number(seal.json?.credits) }
  const sealedAgain = await countsOf(cluster, findings)
  const figures = {
    ...{ endOfOld, sealed, sealedAgain },
    creditedBy: { before: by.before.length, now: by.now.length },
  }
  const names = new Map(parties.map(({ name, mchid }) => [mchid, name]))
  findings.push(...compareProofs(figures, { credits, by, names }))
  return { figures, findings }
}

export interface CreditsOfVersions {
  readonly credits: readonly ProvedCredit[]
  /** By merchant's name and number, as the nodes' logs say. */
  readonly by: Readonly<Record<'before' | 'now', readonly string[]>>
  /** The merchants' names by number. */
  readonly names: ReadonlyMap<string, string>
}

/** The logs of both versions and the rows, against what the audit counted. */
export function compareProofs(
  { endOfOld, sealed, sealedAgain }: Omit<ProofFigures, 'creditedBy'>,
  { credits, by, names }: CreditsOfVersions,
): readonly string[] {
  const [before, now] = [new Set(by.before), new Set(by.now)]
  const wrong = credits.flatMap(({ number, mchid, proof }) => {
    const name = `${names.get(mchid)} ${number}`
    if (before.has(name) === now.has(name)) return [`${name}: not credited by one version alone`]
    if (now.has(name)) return proof === 'proven' ? [] : [`${name}: a node of now left it ${proof}`]
    return proof === 'proven' ? [`${name}: proven, by a node of before`] : []
  })
  const without = credits.filter(({ proof }) => proof === 'none').length
  const unproven = credits.filter(({ proof, unsealed }) => proof === 'none' || unsealed).length
  const old = credits.filter(({ proof }) => proof === 'old').length
  const expected: readonly (readonly [what: string, found: number, expected: number])[] = [
    ['unproven', endOfOld.unproven, unproven],
    ['unverifiable', endOfOld.unverifiable, 0],
    ['credits sealed', sealed.credits, without],
    ['unproven, sealed again', sealedAgain.unproven, 0],
    ['unverifiable, sealed again', sealedAgain.unverifiable, 0],
    ['unproven_old, sealed again', sealedAgain.unproven_old, old + without],
    ['unproven_old and what nodes of before have credited', old + without, before.size],
  ]
  return [
    ...wrong,
    ...expected.flatMap(([what, found, ought]) =>
      found === ought ? [] : [`${what}: ${found}, ought to be ${ought}`],
    ),
  ]
}

async function countsOf(cluster: Cluster, findings: string[]): Promise<Counts> {
  const { json, output } = await cluster.run('now', ['audit', '--verify', '--json'])
  if (json === null) findings.push(`audit --verify: ${output}`)
  const { unproven, unverifiable, unproven_old: old, ...others } = json ?? {}
  for (const [name, count] of Object.entries(others)) {
    if (count !== 0) findings.push(`audit: ${name} is ${count}`)
  }
  return {
    ...{ unproven: Number(unproven), unverifiable: Number(unverifiable) },
    unproven_old: Number(old),
  }
}

/** With SQL of its own. */
async function readProvedCredits(databaseUrl: string): Promise<readonly ProvedCredit[]> {
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c search_path=budan' })
  await client.connect()
  try {
    const { rows } = await client.query(`
      select split_part(t.order_no, ':', 1) as number, t.mchid,
        case when p.order_no is null then 'none' when p.evidence is null then 'old' else 'proven' end
          as proof,
        p.evidence is not null and o.seal is null or exists (
          select from order_events e where e.order_no = t.order_no and e.seal is null and not (
            e.id <= coalesce((select events_to from proof_head), 0)
            and (o.seal ~ '[.]p:' or p.seal ~ '[.]d:') is true
          )
        ) as unsealed
      from transfers t join orders o using (order_no) left join proofs p using (order_no)`)
    return rows
  } finally {
    await client.end()
  }
}
