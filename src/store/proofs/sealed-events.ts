/** How events are sealed, for those that verify them. */
export { eventFacts, ownerOfFirst } from '../sql/json-records.ts'
export { columnOf, sealedColumns } from './sealed-column.ts'
