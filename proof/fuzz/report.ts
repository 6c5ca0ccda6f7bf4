import Table from 'cli-table3'
import type { Report } from './campaign.ts'

export function progressLine({
  done,
  inputs,
  ms,
}: {
  done: number
  inputs: number
  ms: number
}): string {
  const share = Math.floor((100 * done) / inputs)
  return `${share} %, ${done} inputs, ${Math.round(ms / 1000)} s\n`
}

export function tableOf(report: Report): string {
  const table = new Table({
    head: ['target', 'inputs', 'accepted', 'rejected', 'seconds', 'inputs/s'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  })
  for (const { target, inputs, accepted, rejected, ms } of report.targets) {
    table.push([target, inputs, accepted, rejected, seconds(ms), rate(inputs, ms)])
  }
  const total = totals(report)
  table.push([
    'all',
    report.inputs,
    total.accepted,
    total.rejected,
    seconds(report.ms),
    rate(report.inputs, report.ms),
  ])
  const megabytes = (mb: 'rssMb' | 'heapMb') =>
    report.memory.map((at) => at[mb].toFixed(0)).join(' ')
  return (
    `${table.toString()}\n` +
    `crashes ${total.crashes}, wrong credits ${total.wrongCredits}, other findings ${total.others}\n` +
    `memory in MB after a collection, at each tenth: ${megabytes('rssMb')}; of it the heap: ${megabytes('heapMb')}\n` +
    `${seconds(report.ms)} s, ${seconds(report.cpuMs)} s of processor time; seed ${report.seed}\n`
  )
}

export function jsonOf(report: Report): unknown {
  const { found, ...figures } = report
  const printed = found && {
    ...found,
    finding: { kind: found.finding.kind, message: found.finding.message },
  }
  return { ...figures, ...totals(report), found: printed, node: process.version }
}

function totals({ targets, found }: Report) {
  const kind = found?.finding.kind
  return {
    accepted: targets.reduce((sum, { accepted }) => sum + accepted, 0),
    rejected: targets.reduce((sum, { rejected }) => sum + rejected, 0),
    crashes: kind === 'crash' ? 1 : 0,
    wrongCredits: kind === 'wrong credit' ? 1 : 0,
    others: kind === undefined || kind === 'crash' || kind === 'wrong credit' ? 0 : 1,
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}

function rate(inputs: number, ms: number): string {
  return Math.round((1000 * inputs) / ms).toString()
}
