import type { Redact } from '../../config/redact.ts'
import { translatePart } from '../../i18n/translate.ts'
import type { CommandContext } from '../context.ts'
import { aligned } from '../terminal/layout.ts'
import type { Finding } from './finding.ts'

/** Redacts the details, which may quote a driver or a server. */
export function redacted(findings: readonly Finding[], redact: Redact): readonly Finding[] {
  return findings.map((each) => ({ ...each, detail: redact(each.detail) }))
}

/** The next steps, those of failures first. A step that several findings share is listed once. */
export function nextSteps(findings: readonly Finding[]): readonly string[] {
  const ofStatus = (status: Finding['status']) => findings.filter((each) => each.status === status)
  const steps = [...ofStatus('fail'), ...ofStatus('warn')].map(({ next }) => next)
  return [...new Set(steps.filter((step) => step !== null))]
}

/**
 * Prints a line for each finding, and at the end the next steps. In a file or pipe each line also has
 * its step, because a search may find only that line.
 */
export function showFindings(
  { output, terminal, locale }: CommandContext,
  findings: readonly Finding[],
): void {
  const { green, yellow, red } = output.colors
  const paint = { ok: green, warn: yellow, fail: red }
  const lines = aligned(
    findings.map(({ name, status, detail, next }) => [
      paint[status](translatePart(status, { set: 'finding', locale })),
      translatePart(name, { set: 'place', locale }),
      `${output.say(detail)}${next === null || terminal.isInteractive ? '' : ` -> ${output.say(next)}`}`,
    ]),
  )
  terminal.out(lines)
  const steps = nextSteps(findings)
  if (steps.length === 0) return
  output.line('')
  output.line('Next steps:')
  for (const [at, step] of steps.entries()) output.line(`${at + 1}. ${output.say(step)}`)
}
