// Loaded into a budan process by `node --import`: writes, to a file when it ends, how much memory it
// held and how late its event loop was. Plain JavaScript, because that process runs the built program.
import { readFileSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Of the loop's delay; the histogram counts it in, so an idle loop is as late as this. */
const resolutionMs = 10
const delays = monitorEventLoopDelay({ resolution: resolutionMs })
const residentBytes = []
const stretches = []

delays.enable()
setInterval(() => residentBytes.push(process.memoryUsage.rss()), 250).unref()

// A stretch of what is measured ends here, and the next begins.
process.on('SIGUSR2', () => {
  endStretch()
  // So that who asked for it knows: two signals that come together are one.
  write()
})

process.on('exit', () => {
  endStretch()
  write()
})

function write() {
  const { BENCH_VITAL_SIGNS: file } = process.env
  writeFileSync(file, JSON.stringify({ peakBytes: peakBytes(), stretches }))
}

function endStretch() {
  const msOf = (nanoseconds) => nanoseconds / 1e6
  stretches.push({
    delayMs: {
      p50: msOf(delays.percentile(50)),
      p99: msOf(delays.percentile(99)),
      max: msOf(delays.max),
    },
    // A stretch that was shorter than the pause between two looks has one all the same.
    residentBytes: [...residentBytes.splice(0), process.memoryUsage.rss()],
  })
  delays.reset()
}

function peakBytes() {
  try {
    // Of this program alone: the kernel's maxRSS also counts the process that started it.
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kib !== undefined) return Number(kib) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}
