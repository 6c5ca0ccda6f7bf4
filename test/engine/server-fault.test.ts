import { type AddressInfo, createServer } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openConnection } from '../../src/queue/bullmq-connection.ts'
import { probeEngine } from '../../src/queue/probe.ts'
import { faultInInfo, redisFault } from '../../src/queue/server-fault.ts'
import { startPostgres } from '../support/postgres.ts'
import { type RedisServer, startRedis, withoutRedis } from '../support/redis.ts'

describe('redisTrouble()', () => {
  const causes = [
    'WRONGPASS invalid username-password pair or user is disabled.',
    'NOAUTH Authentication required.',
    "NOPERM User budan has no permissions to run the 'eval' command",
    "READONLY You can't write against a read only replica.",
    'MOVED 3999 127.0.0.1:6381',
    'LOADING Redis is loading the dataset in memory',
    'MISCONF Redis is configured to save RDB snapshots',
    "OOM command not allowed when used memory > 'maxmemory'.",
    'ERR max number of clients reached',
    'DENIED Redis is running in protected mode',
    'ERR DB index is out of range',
    'Protocol error, got "\u0015" as reply type byte',
    'Protocol error, got "H" as reply type byte',
    'write EPROTO 4017:error:0A00010B:SSL routines::wrong version number',
    "Hostname/IP does not match certificate's altnames",
    'certificate has expired',
    'self-signed certificate',
    'getaddrinfo ENOTFOUND redis',
    'getaddrinfo EAI_AGAIN redis',
    'connect ECONNREFUSED 127.0.0.1:6379',
    'connect EHOSTUNREACH 10.0.0.1:6379',
    'connect ETIMEDOUT',
    'Connection is closed.',
  ]

  it('has a next step of its own for each cause', () => {
    const steps = causes.map((cause) => redisFault(cause).remedy)
    expect(steps).not.toContain(null)
    expect(new Set(steps).size).toBe(causes.length)
  })

  it('knows TLS where none is spoken by the end of the connection, too', () => {
    const cause = 'Client network socket disconnected before secure TLS connection was established'
    expect(redisFault(cause).remedy).toBe('it speaks no TLS: write redis:// in engine.url')
  })

  it('leaves what it does not know as it is', () => {
    expect(redisFault('ERR something new')).toEqual({ what: 'ERR something new', remedy: null })
  })
})

describe('faultInInfo()', () => {
  const sound =
    'redis_version:7.2.4\r\nredis_mode:standalone\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n'
  it.each([
    ['redis_mode:standalone', 'redis_mode:sentinel', /Sentinel/],
    ['redis_version:7.2.4', 'redis_version:4.0.9', /Redis 4\.0\.9, and 5 is the oldest/],
    ['redis_mode:standalone', 'redis_mode:cluster', /cluster/],
    ['role:master', 'role:slave', /replica/],
    ['noeviction', 'allkeys-lru', /maxmemory-policy is allkeys-lru/],
  ])('says of %s as %s what it is', (was, is, what) => {
    expect(faultInInfo(sound)).toBeNull()
    expect(faultInInfo(sound.replace(was, is))?.what).toMatch(what)
  })
})

describe('probeEngine()', () => {
  it('reports what listens in the place of Redis', async () => {
    const web = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const fault = await probeEngine(`redis://127.0.0.1:${(web.address() as AddressInfo).port}`)
    web.close()
    expect(fault?.remedy).toMatch(/no Redis/)
  })
})

describe.skipIf(withoutRedis())('probeEngine() of a real Redis', () => {
  let redis: RedisServer
  let admin: Redis
  beforeAll(async () => {
    redis = await startRedis()
    admin = new Redis(redis.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await redis.stop()
  })
  const at = (user: string) => redis.url.replace('redis://', `redis://${user}@`)

  it('finds nothing wrong with a sound one, and leaves nothing in it', async () => {
    expect(await probeEngine(redis.url)).toBeNull()
    expect(await admin.dbsize()).toBe(0)
  })

  it('reports a wrong password, a missing one, and rights that are not enough', async () => {
    await admin.call('ACL', 'SETUSER', 'weak', 'on', '>right', '~other:*', '+@all')
    expect((await probeEngine(at('weak:wrong')))?.remedy).toMatch(/^user or password/)
    expect((await probeEngine(at('weak:right')))?.remedy).toMatch(/ACL/)
    await admin.config('SET', 'requirepass', 'secret')
    const fault = await probeEngine(redis.url)
    await admin.config('SET', 'requirepass', '')
    expect(fault?.remedy).toBe('it wants a password, and engine.url has none')
  })

  it('reports a server without TLS', async () => {
    const fault = await probeEngine(redis.url.replace('redis://', 'rediss://'))
    expect(fault?.remedy).toMatch(/write redis:\/\/ in engine\.url$/)
  })

  it('reports a database number that does not exist, and a policy that evicts keys', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const fault = await probeEngine(redis.url)
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
    expect(fault?.remedy).toBe('set maxmemory-policy noeviction there')
  })

  it('reports a replica', async () => {
    await admin.call('REPLICAOF', '127.0.0.1', '1')
    const fault = await probeEngine(redis.url)
    await admin.call('REPLICAOF', 'NO', 'ONE')
    expect(fault?.what).toMatch(/replica/)
  })
})

describe('a queue on PostgreSQL', () => {
  it('that is lost while in use says what to do about it', async () => {
    const server = await startPostgres()
    const jobs = { tick: async () => undefined, batch: async () => undefined, concurrency: 1 }
    const link = await openConnection({ url: server.url, queueName: 'lost', jobs, lockMs: 10_000 })
    await server.stop()
    await expect(link.counts()).rejects.toThrow(/\S; \S/)
    await link.close({ gracefully: false })
  })
})
