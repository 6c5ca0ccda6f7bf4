// Loaded into a budan process by `node --import`. When that process ends, this module writes its
// memory use and its event loop delay to a file. It is plain JavaScript, because that process runs
// the built program.
import { readFileSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The resolution of the delay. The histogram includes it, so an idle loop shows this delay. */
const resolutionMs = 10
const delays = monitorEventLoopDelay({ resolution: resolutionMs })
const residentBytes = []
const stretches = []

delays.enable()
setInterval(() => residentBytes.push(process.memoryUsage.rss()), 250).unref()

// Each signal ends one stretch of the measurement and begins the next.
process.on('SIGUSR2', () => {
  endStretch()
  // The file confirms the signal to its sender: two signals sent together arrive as one.
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
    // The last sample is taken here, so that a very short stretch has at least one.
    residentBytes: [...residentBytes.splice(0), process.memoryUsage.rss()],
  })
  delays.reset()
}

function peakBytes() {
  try {
    // VmHWM counts this program alone; the kernel's maxRSS also counts the process that started it.
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kib !== undefined) return Number(kib) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}
