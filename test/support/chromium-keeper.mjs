// Runs a Chromium while its own standard input is open, and prints the address of its protocol. When
// the process that started it ends, for any reason, the pipe closes; then the browser is closed and
// its profile is removed. Plain JavaScript, because it runs beside the tests and not inside them.
//
//   node chromium-keeper.mjs <options of launchServer, as JSON>
import { once } from 'node:events'
import { chromium } from 'playwright-core'

const left = once(process.stdin.resume(), 'end')
// Ctrl-C reaches the whole process group; only the end of the pipe stops this process.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
const server = await chromium.launchServer(JSON.parse(process.argv[2]))
process.stdout.write(`${server.wsEndpoint()}\n`)
await left
await server.close()
process.exit(0)
