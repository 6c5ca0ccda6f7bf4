import { openStore } from '../../src/store/open.ts'
import { credit, place, runOfMerchant } from '../contract/store-fixtures.ts'

// Opens the store at the given url, credits an order, leaves a run open, says so, and stays; or
// says why not. Run as a process of its own, to be killed.
try {
  const store = await openStore(process.argv[2] ?? '')
  const { orderNo } = await place(store, { orderNo: 'by the child' })
  await credit(store, orderNo)
  await store.openRun({ ...runOfMerchant, trigger: 'start', intervalMs: null })
  console.log('open')
  process.stdin.resume()
} catch (error) {
  console.log(String(error))
}
