import { readFileSync } from 'node:fs'

/**
 * The CPU seconds that processes have used since their start, with all threads. Zero on systems
 * without /proc.
 */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticksOf(pid) / ticksPerSec, 0)
}

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSec = 100

/** User and system time: the 14th and 15th field of `/proc/PID/stat` (proc(5)). */
function ticksOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses, which may contain spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return 0
  }
}
