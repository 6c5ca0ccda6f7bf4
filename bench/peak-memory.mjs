// Loaded into a budan process by `node --import`: writes its peak memory, in bytes, to a file when
// it ends. Plain JavaScript, because that process runs the built program.
import { readFileSync, writeFileSync } from 'node:fs'

process.on('exit', () => {
  writeFileSync(process.env.BENCH_PEAK_FILE, String(peakBytes()))
})

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
