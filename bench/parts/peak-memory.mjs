// Loaded into a budan process by `node --import`. When that process ends, this module writes its
// peak memory, in bytes, to a file. It is plain JavaScript, because that process runs the built
// program.
import { readFileSync, writeFileSync } from 'node:fs'

process.on('exit', () => {
  writeFileSync(process.env.BENCH_PEAK_FILE, String(peakBytes()))
})

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
