/**
 * How often a random test tries. `npm test` tries a quarter, with new inputs each time; `npm run
 * properties` ten times as many as are named in the test.
 */
export function runsOf(full: number): number {
  return Math.ceil(full * Number(process.env.BUDAN_TEST_RUNS ?? 0.25))
}
