/** Makes the template of the tests' databases on the server that is named, by the migrations beside this file. */
import { makePostgresTemplate } from '../../test/support/stores.ts'

const [url = ''] = process.argv.slice(2)
await makePostgresTemplate(url)
