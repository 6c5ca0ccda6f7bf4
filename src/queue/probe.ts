import { once } from 'node:events'
import { connect } from 'node:net'
import type { Redis } from 'ioredis'
import { redactorOf } from '../config/redact.ts'
import { within } from '../deadline.ts'
import { secretsInAddress } from '../servers/addresses.ts'
import { routeToQueue } from './postgres-route.ts'
import { openMsMax } from './queue-connection.ts'
import { faultInInfo, postgresFault, redisFault, type ServerFault } from './server-fault.ts'

/** Null when the engine's server can be used, or why not. Joins no queue, and takes no job. */
export async function probeEngine(url: string): Promise<ServerFault | null> {
  const isRedis = url.startsWith('redis')
  try {
    if (isRedis) return await within(openMsMax, connectToRedis(url))
    await within(openMsMax, routeToQueue(url))
    return null
  } catch (error) {
    const redact = redactorOf(secretsInAddress(url))
    if (!isRedis) {
      const { what, remedy } = postgresFault(error)
      return { what: redact(what), remedy }
    }
    const what = redact(error instanceof Error ? error.message || String(error) : String(error))
    return (await answersWithoutTls(url)) ? { what, remedy: noTlsRemedy } : redisFault(what)
  }
}

const noTlsRemedy = 'it answers without TLS alone: write redis:// in engine.url'

const noTlsMsMax = 1000

/** A Redis without TLS reads the greeting of TLS as an unfinished command, and waits. */
async function answersWithoutTls(url: string): Promise<boolean> {
  if (!url.startsWith('rediss:')) return false
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port) || 6379, hostname.replace(/^\[(.*)\]$/, '$1'))
  try {
    // Without credentials: no secret is sent unencrypted.
    socket.write('PING\r\n')
    const [reply] = await within(noTlsMsMax, once(socket, 'data'))
    return /^[+-]/.test(String(reply))
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function connectToRedis(url: string): Promise<ServerFault | null> {
  const { default: ioredis } = await import('ioredis')
  const redis = new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: openMsMax,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // The first error has the cause; the error that `connect` then throws does not.
  const failed = new Promise<never>((_, reject) => redis.once('error', reject))
  redis.on('error', () => undefined)
  try {
    await Promise.race([redis.connect(), failed])
    return await Promise.race([examine(redis), failed])
  } finally {
    failed.catch(() => undefined)
    redis.disconnect()
  }
}

/** An ACL may forbid INFO. */
async function examine(redis: Redis): Promise<ServerFault | null> {
  await redis.ping()
  const fault = faultInInfo(await redis.info().catch(() => ''))
  if (fault === null) await tryScript(redis)
  return fault
}

/** Runs a script on a key, as the queue does most of the time. The key does not exist, and none is created. */
async function tryScript(redis: Redis): Promise<void> {
  await redis.eval("return redis.call('DEL', KEYS[1])", 1, 'bull:budan-doctor:none')
}
