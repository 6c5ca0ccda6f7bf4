import { secretsInAddress } from '../addresses.ts'
import { redactorOf } from '../redact.ts'
import { within } from './deadline.ts'
import { openMsMax } from './link.ts'
import { wayToQueue } from './postgres-way.ts'

/** Whether the engine's server lets us in: null, or why not. Joins no queue, and takes no job. */
export async function probeEngine(url: string): Promise<string | null> {
  try {
    await within<unknown>(openMsMax, url.startsWith('redis') ? greetRedis(url) : wayToQueue(url))
    return null
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error)
    return redactorOf(secretsInAddress(url))(reason)
  }
}

async function greetRedis(url: string): Promise<void> {
  const { default: ioredis } = await import('ioredis')
  const redis = new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: openMsMax,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // The first error says why; what `connect` then throws says only that it failed.
  const failed = new Promise<never>((_, reject) => redis.once('error', reject))
  redis.on('error', () => undefined)
  try {
    await Promise.race([redis.connect().then(() => redis.ping()), failed])
  } finally {
    failed.catch(() => undefined)
    redis.disconnect()
  }
}
