import { tryAlerts } from '../../alerts/try-alerts.ts'
import { ConfigError } from '../../config/fault.ts'
import { systemClock } from '../../domain/clock.ts'
import { nearest } from '../../text/suggest.ts'
import type { Command } from '../context.ts'

/**
 * Sends a test message to each configured alert, and prints what was answered. Exits with 1 when one was
 * not taken.
 */
export const testAlerts: Command = async (context, { options }) => {
  const { output, terminal } = context
  const { alerts: all = [] } = context.config('database')
  if (all.length === 0) throw new ConfigError(['alerts: not set: docs/alerts.md says how'])
  const name = typeof options.name === 'string' ? options.name : null
  const chosen = name === null ? all : all.filter((each) => each.name === name)
  if (name !== null && chosen.length === 0) throw new ConfigError([unknown(name, all)])
  const tried = await tryAlerts(chosen, systemClock)
  const shown = tried.map((each) => ({ ...each, answer: terminal.redact(each.answer) }))
  if (output.asJson) output.json({ alerts: shown })
  else {
    output.table(
      ['alert', 'kind', 'taken', 'answer'],
      shown.map(({ name: alert, kind, taken, answer }) => [
        ...[alert, kind],
        { text: taken ? 'ok' : 'failed', tone: taken ? 'green' : 'red' },
        output.say(answer),
      ]),
    )
  }
  return tried.every(({ taken }) => taken) ? 0 : 1
}

function unknown(name: string, all: readonly { readonly name: string }[]): string {
  const meant = nearest(
    name,
    all.map((each) => each.name),
  )
  const hint = meant === null ? '' : `; did you mean ${meant}?`
  return `--name: ${JSON.stringify(name)} is the name of no alert${hint}`
}
