import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  type Merchant,
  MerchantFileError,
  merchantOptions,
  openMerchant,
  type Simulator,
  startSimulator,
} from 'budan-simulator'
import { ConfigError, readFailure } from '../../config/fault.ts'
import { isLoopback, shown } from '../../config/values.ts'
import { configurationFor } from '../../demo/configuration.ts'
import { listenFailure } from '../../servers/listen-failure.ts'
import type { Command, CommandContext } from '../context.ts'
import { CommandError } from '../failure.ts'
import { shellWord } from '../terminal/shells.ts'

/** The options after the program's parsers. */
interface SimulatorCommandOptions {
  readonly port: number
  readonly host: string
  readonly dir: string
  readonly timeScale: number
  readonly seed?: string
  readonly secondHost?: boolean
  readonly signing: 'public_key' | 'certificate' | 'mixed'
}

/** Runs a simulator until SIGTERM or SIGINT, and writes a configuration for a budan that uses it. */
export const simulate: Command = async (context, { options }) => {
  const { dir, ...chosen } = options as unknown as SimulatorCommandOptions
  if (!isLoopback(chosen.host)) {
    // The control interface has no password, and budan sends plain http to loopback only.
    throw new ConfigError([`--host: ${shown(chosen.host)} is not a loopback address`])
  }
  if (dir.trim() === '') throw new ConfigError(['--dir: is empty: give the path of a directory'])
  const stopRequested = context.terminal.stopRequested()
  const directory = resolve(dir)
  const merchant = await keep(directory, () => openMerchant(directory))
  const simulator = await startSimulator({ ...merchantOptions(merchant), ...chosen }).catch(
    (error: unknown) => {
      throw withNextStep(error, chosen)
    },
  )
  try {
    const file = join(directory, 'budan.yaml')
    const yaml = configurationFor(simulator, merchant, { dir: directory })
    const text = `# Written anew by each start of budan simulator.\n${yaml}`
    await keep(directory, () => writeFile(file, text, { mode: 0o600 }))
    print(context, { simulator, merchant, file, yaml })
    await stopRequested
  } finally {
    await simulator.stop()
  }
  return 0
}

/** Adds to the error the options to change, which the simulator does not know. */
function withNextStep(error: unknown, { host, port }: { host: string; port: number }): unknown {
  if (!(error instanceof Error) || error.cause === undefined) return error
  const reason = listenFailure(error.cause, { port, keys: { port: '--port', host: '--host' } })
  return new CommandError(`Cannot listen on "${host}" port ${port}: ${reason}`)
}

async function keep<T>(directory: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof MerchantFileError) throw new CommandError(error.message)
    if (!(error instanceof Error && 'code' in error)) throw error
    const why = error.code === 'EEXIST' ? 'it is a file' : readFailure(error)
    throw new CommandError(`Cannot keep the merchant in ${shown(directory)}: ${why}`)
  }
}

interface Started {
  readonly simulator: Simulator
  readonly merchant: Merchant
  readonly file: string
  /** The configuration in the file. */
  readonly yaml: string
}

/** Prints the ready line and the configuration to paste to stdout, and notes to stderr. */
function print(
  { output, terminal }: CommandContext,
  { simulator, merchant, file, yaml }: Started,
): void {
  const { url, secondUrl, seed, signing } = simulator
  if (output.asJson) {
    output.json({
      url,
      second_url: secondUrl,
      control_url: `${url}/_sim`,
      seed,
      signing,
      mch_id: merchant.mchid,
      config: file,
      config_text: yaml,
    })
    return
  }
  output.line(`simulator is ready at ${url}`)
  if (secondUrl !== null) output.note(`Its second address is ${secondUrl}.`)
  output.note(`Its control interface is ${url}/_sim; seed ${seed}, signing ${signing}.`)
  output.note('To paste into budan.yaml:')
  terminal.out(yaml)
  output.note(`Start budan against it: \`budan serve --config ${shellWord(file)}\``)
}
