import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { examineEngine } from '../../src/cli/doctor/engine.ts'
import { type RedisServer, startRedis, withoutRedis } from '../support/redis.ts'
import { freshPostgresUrl } from '../support/stores.ts'

describe('examineEngine()', () => {
  it('has nothing to reach where the engine is local', async () => {
    expect(await examineEngine('local')).toMatchObject([{ name: 'engine', status: 'ok' }])
  })

  test.each(['redis', 'postgres'])('warns of a %s server that is not there', async (scheme) => {
    const [finding] = await examineEngine(`${scheme}://somebody:s3cret@127.0.0.1:1/0`)
    expect(finding).toMatchObject({ name: 'engine', status: 'warn' })
    expect(finding?.detail).toContain('ECONNREFUSED')
    expect(JSON.stringify(finding)).not.toContain('s3cret')
  })

  it('finds a PostgreSQL that answers', async () => {
    expect(await examineEngine(await freshPostgresUrl())).toMatchObject([{ status: 'ok' }])
  })
})

describe.skipIf(withoutRedis())('examineEngine() of a Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  it('that answers finds it', async () => {
    expect(await examineEngine(redis.url)).toMatchObject([{ status: 'ok' }])
  })

  it('that hangs warns in time', async () => {
    redis.freeze()
    expect(await examineEngine(redis.url)).toMatchObject([{ status: 'warn' }])
    redis.thaw()
  })
})
