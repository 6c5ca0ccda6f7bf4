import { once } from 'node:events'
import { connect } from 'node:net'
import type { Redis } from 'ioredis'
import { redactorOf } from '../config/redact.ts'
import { within } from '../deadline.ts'
import { secretsInAddress } from '../servers/addresses.ts'
import { openMsMax } from './link.ts'
import { wayToQueue } from './postgres-way.ts'
import { postgresTrouble, redisTrouble, type Trouble, troubleInInfo } from './trouble.ts'

/** Whether the engine's server can be used: null, or why not. Joins no queue, and takes no job. */
export async function probeEngine(url: string): Promise<Trouble | null> {
  const isRedis = url.startsWith('redis')
  try {
    if (isRedis) return await within(openMsMax, greetRedis(url))
    await within(openMsMax, wayToQueue(url))
    return null
  } catch (error) {
    const redact = redactorOf(secretsInAddress(url))
    if (!isRedis) {
      const { what, remedy } = postgresTrouble(error)
      return { what: redact(what), remedy }
    }
    const what = redact(error instanceof Error ? error.message || String(error) : String(error))
    return (await answersPlainly(url)) ? { what, remedy: plainRemedy } : redisTrouble(what)
  }
}

const plainRemedy = 'it answers without TLS alone: write redis:// in engine.url'

const plainMsMax = 1000

/** A Redis without TLS takes the greeting of TLS for a command that has not ended, and waits. */
async function answersPlainly(url: string): Promise<boolean> {
  if (!url.startsWith('rediss:')) return false
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port) || 6379, hostname.replace(/^\[(.*)\]$/, '$1'))
  try {
    // Without credentials: nothing secret goes out unencrypted.
    socket.write('PING\r\n')
    const [reply] = await within(plainMsMax, once(socket, 'data'))
    return /^[+-]/.test(String(reply))
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function greetRedis(url: string): Promise<Trouble | null> {
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
    await Promise.race([redis.connect(), failed])
    return await Promise.race([lookAround(redis), failed])
  } finally {
    failed.catch(() => undefined)
    redis.disconnect()
  }
}

/** An ACL may keep INFO back. */
async function lookAround(redis: Redis): Promise<Trouble | null> {
  await redis.ping()
  const trouble = troubleInInfo(await redis.info().catch(() => ''))
  if (trouble === null) await tryRights(redis)
  return trouble
}

/** What the queue does most: a script on a key of its own. There is no such key, and none is made. */
async function tryRights(redis: Redis): Promise<void> {
  await redis.eval("return redis.call('DEL', KEYS[1])", 1, 'bull:budan-doctor:none')
}
