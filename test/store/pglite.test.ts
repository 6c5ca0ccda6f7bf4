import { storeContract } from '../contract/store.contract.ts'
import { freshDatabase } from '../support/stores.ts'

storeContract('PGlite', (options) => freshDatabase('pglite', options))
