import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type Merchant, merchantFiles, merchantOptions, openMerchant } from './merchant.ts'
import { type Simulator, startSimulator } from './simulator.ts'
import { signingSchema } from './switches.ts'

const usage = `Usage: budan-simulator [options]

Starts a WeChat Pay API v3 for tests, with a generated merchant, until SIGTERM or Ctrl+C.

  --port PORT           port to listen on, 0 for any free one (default 9090)
  --host ADDRESS        loopback address to listen on (default 127.0.0.1)
  --dir DIRECTORY       where the merchant and the keys are kept (default ./budan-simulator)
  --time-scale FACTOR   60 makes a minute pass in a second (1 to 5000, default 1)
  --second-host         a second address of the same gateway, to test failover
  --seed TEXT           equal seeds make equal random choices
  --signing KIND        public_key (default), certificate or mixed
  --json                print the ready line as one JSON object
  --version, --help
`

const options = {
  port: { type: 'string', default: '9090' },
  host: { type: 'string', default: '127.0.0.1' },
  dir: { type: 'string', default: './budan-simulator' },
  'time-scale': { type: 'string', default: '1' },
  'second-host': { type: 'boolean', default: false },
  seed: { type: 'string' },
  signing: { type: 'string', default: 'public_key' },
  json: { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

const optionsSchema = z.object({
  port: z.coerce.number().int().min(0).max(65_535),
  // The control interface has no password.
  host: z.string().refine(isLoopback, 'not a loopback address'),
  dir: z.string().min(1),
  'time-scale': z.coerce.number().min(1).max(5_000),
  'second-host': z.boolean(),
  seed: z.string().optional(),
  signing: signingSchema,
  json: z.boolean(),
})

/** Runs the command. Resolves with its exit code: 1 when it failed, 2 for wrong options. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args: [...args], options })
    if (values.help) return print(usage)
    if (values.version) return print(`${versionOf()}\n`)
    return await serve(parseOptions(values))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof TypeError ? 2 : 1
  }
}

/** `parseArgs` throws a TypeError too. */
function parseOptions(values: object): z.output<typeof optionsSchema> {
  const read = optionsSchema.safeParse(values)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new TypeError(`Cannot use --${String(issue?.path[0])}: ${issue?.message}`)
}

async function serve(given: z.output<typeof optionsSchema>): Promise<number> {
  const stopping = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  const dir = resolve(given.dir)
  const merchant = await openMerchant(dir)
  const { port, host, seed, signing } = given
  const simulator = await startSimulator({
    ...merchantOptions(merchant),
    ...{ port, host, signing, timeScale: given['time-scale'], secondHost: given['second-host'] },
    ...(seed === undefined ? {} : { seed }),
  })
  const settings = settingsOf(simulator, merchant, dir)
  if (given.json) print(`${JSON.stringify(settings)}\n`)
  else print(`simulator is ready at ${simulator.url}\n${linesOf(settings)}`)
  await stopping
  await simulator.stop()
  return 0
}

/** What a client of the simulator has to know. */
function settingsOf(simulator: Simulator, merchant: Merchant, dir: string): object {
  const { url, secondUrl, seed, signing } = simulator
  return {
    url,
    ...(secondUrl === null ? {} : { second_url: secondUrl }),
    control_url: `${url}/_sim`,
    mchid: merchant.mchid,
    appid: merchant.appid,
    serial_no: merchant.serialNo,
    private_key_path: join(dir, merchantFiles.privateKey),
    api_v3_key: merchant.apiV3Key,
    public_key_id: merchant.wechatpay.publicKeyId,
    public_key_path: join(dir, merchantFiles.publicKey),
    ...{ signing, seed },
  }
}

function linesOf(settings: object): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function versionOf(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
