import { storeContract } from '../contract/store.contract.ts'
import { freshDatabase } from '../support/stores.ts'

storeContract('PostgreSQL', (options) => freshDatabase('postgres', options))
