import type { Config } from '../config/config.ts'
import { type Budan, openService, type ServiceOptions } from '../service.ts'
import type { CommandContext } from './context.ts'
import { CommandError } from './failure.ts'
import { type Screen, screenOf } from './terminal/progress.ts'

/**
 * Opens the service for one command, and closes it afterwards. A signal does not end the process, so
 * that no settlement is interrupted. A command that may take long must stop at `stopRequested`.
 */
export async function withService<T>(
  context: CommandContext,
  work: (budan: Budan, stopRequested: Promise<void>) => Promise<T>,
  options: ServiceOptions = {},
): Promise<T> {
  const stopRequested = context.terminal.stopRequested()
  const { config, report } = context.proving('gateway')
  const budan = await openService(quietLog(config, screenOf(context.terminal.env)), options)
  try {
    report(budan.emit)
    return await work(budan, stopRequested)
  } finally {
    await budan.close()
  }
}

/**
 * On a terminal, info lines of the log would break the progress bar or hide the result; the timelines
 * of orders have the same information. A level other than the default is kept.
 */
export function quietLog(config: Config, screen: Screen | null): Config {
  if (screen === null || config.log.level !== 'info') return config
  return { ...config, log: { ...config.log, level: 'warn' } }
}

export function orderNotFound(orderNo: string): CommandError {
  return new CommandError(`Cannot find order "${orderNo}"`)
}
