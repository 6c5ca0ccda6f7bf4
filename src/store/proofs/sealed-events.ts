/** How rows are named and sealed, for those that verify them. */
export { eventFacts, ownerOfFirst } from '../sql/json-records.ts'
export { numberOf } from '../sql/rows.ts'
