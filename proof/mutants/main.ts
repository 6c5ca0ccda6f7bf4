import { parseArgs } from 'node:util'
import { pgliteImage } from '../../test/support/image.ts'
import { startPostgres } from '../../test/support/postgres.ts'
import { makePostgresTemplate } from '../../test/support/stores.ts'
import { type ProofResult, runProof } from './judge.ts'
import { mutants } from './list/index.ts'
import type { Mutant, Proof } from './mutant.ts'
import { Workshop } from './workshop.ts'

const usage = `npm run mutants [-- options]

Makes one mistake after the other in a copy of the program, and shows the test, or the seed of the
simulator, that catches it. Exits 1 when one survives.

  --only TEXT   the mutants whose name or file contains it
  --jobs N      at a time (2)`

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
    // Once for all: no mutant is about the schema, and no proof of one runs the built program.
    await makePostgresTemplate(server.url)
    await pgliteImage()
    process.exitCode = (await allCaught(chosen, Math.max(1, Number(options.jobs) || 1))) ? 0 : 1
  } finally {
    await server.stop()
  }
}

/** Each worker has a copy of its own, and takes the next mutant when it is done with one. */
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

/** A proof that fails on the program itself would catch anything, so it has to pass there first. */
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
    return await workshop.with(mutant, () => runProof(workshop.folder, proof))
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
