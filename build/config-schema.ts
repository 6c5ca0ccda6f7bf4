/** Writes `config.schema.json`: npm run config-schema. */
import { writeFileSync } from 'node:fs'
import { configJsonSchema } from '../src/cli/init/json-schema.ts'

writeFileSync('config.schema.json', JSON.stringify(configJsonSchema()))
