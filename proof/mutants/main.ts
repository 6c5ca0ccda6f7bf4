import { parseArgs } from 'node:util'
import { pgliteImage } from '../../test/support/image.ts'
import { startPostgres } from '../../test/support/postgres.ts'
import { makePostgresTemplate } from '../../test/support/stores.ts'
import { type ProofResult, runProof, runProofOnOwnSchema } from './judge.ts'
import { mutants } from './list/index.ts'
import type { Mutant, Proof } from './mutant.ts'
import { Workshop } from './workshop.ts'

const usage = `npm run mutants [-- options]

Makes one mistake at a time in a copy of the program, and prints the test or the simulator's seed that
catches it. Exits 1 if a mutant survives.

  --only TEXT   only mutants whose name or file contains TEXT
  --jobs N      how many at a time (default 2)`

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) {
  console.log(usage)
} else {
  const chosen = mutants.filter((one) => `${one.name} ${one.file}`.includes(options.only))
  const server = await startPostgres()
  try {
    // Built once for all mutants that do not change the schema; no proof runs the built program.
    await makePostgresTemplate(server.url)
    await pgliteImage()
    process.exitCode = (await allCaught(chosen, Math.max(1, Number(options.jobs) || 1))) ? 0 : 1
  } finally {
    await server.stop()
  }
}

/** Each worker has its own copy of the program, and takes the next mutant when it has finished one. */
async function allCaught(chosen: readonly Mutant[], jobs: number): Promise<boolean> {
  const queue = [...chosen]
  const sound = new Map<string, Promise<ProofResult>>()
  let caughtCount = 0
  const work = async () => {
    const workshop = new Workshop()
    try {
      for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
        const verdict = await verdictOf(mutant, { workshop, sound })
        if (verdict.kind === 'caught') caughtCount += 1
        console.log(lineOf(mutant, verdict))
      }
    } finally {
      workshop.end()
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, chosen.length) }, work))
  console.log(`\n${caughtCount} of ${chosen.length} mutants caught`)
  return caughtCount === chosen.length && chosen.length > 0
}

/** A proof must first pass on the unchanged program: otherwise it would catch every mutant. */
async function verdictOf(
  mutant: Mutant,
  { workshop, sound }: { workshop: Workshop; sound: Map<string, Promise<ProofResult>> },
): Promise<ProofResult> {
  const { caughtBy: proof } = mutant
  const key = JSON.stringify(proof)
  const onProgram = sound.get(key) ?? runProof(workshop.folder, proof)
  sound.set(key, onProgram)
  const before = await onProgram
  if (before.kind !== 'sound') {
    return {
      kind: 'broken',
      why: `${described(proof)} fails without it: ${describedVerdict(before)}`,
    }
  }
  try {
    const run = mutant.file.startsWith('src/store/migrations/') ? runProofOnOwnSchema : runProof
    return await workshop.with(mutant, () => run(workshop.folder, proof))
  } catch (error) {
    return { kind: 'broken', why: String(error) }
  }
}

function lineOf({ name, faults }: Mutant, verdict: ProofResult): string {
  const mark = verdict.kind === 'caught' ? 'caught  ' : 'SURVIVED'
  return `${mark}  ${name} (fault ${faults.join(', ')}): ${describedVerdict(verdict)}`
}

function describedVerdict(verdict: ProofResult): string {
  switch (verdict.kind) {
    case 'caught':
      return verdict.by
    case 'sound':
      return 'everything passes'
    case 'broken':
      return verdict.why
  }
}

function described(proof: Proof): string {
  return 'test' in proof
    ? `"${proof.name}" in ${proof.test}`
    : `the simulator (${proof.seeds} seeds)`
}
