/** WeChat Pay's own time, which no daylight saving moves. */
const offsetMs = 8 * 3_600_000

/** `2026-01-24T15:00:00+08:00`: what sentences and tables for people say. Programs get UTC. */
export function shanghaiTime(at: Date): string {
  return `${new Date(+at + offsetMs).toISOString().slice(0, 19)}+08:00`
}
