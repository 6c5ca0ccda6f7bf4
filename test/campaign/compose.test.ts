import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { configKeys } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load.ts'
import { apiV3Key, openWorkspace, publicPem } from '../config/workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())

const deployed = (name: string) =>
  readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8')

const serviceShape = z.object({
  restart: z.string(),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }),
})

const compose = z
  .object({
    services: z.record(z.string(), serviceShape),
    volumes: z.record(z.string(), z.null()),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
  })
  .parse(parse(deployed('compose.yaml'), { merge: true }))

const nodes = Object.entries(compose.services).filter(([name]) => name.startsWith('budan-'))

const token = 'kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0'

/** The values for the names that compose.env.example requires. */
const filledIn: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: '00ff00ff',
  SERVER_API_TOKEN: token,
  WECHAT_MCH_ID: '1900000001',
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_SERIAL_NO: '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC',
  WECHAT_API_V3_KEY: apiV3Key,
  WECHAT_PUBLIC_KEY_ID: 'PUB_KEY_ID_0119000000012026010100000000000000',
  WECHAT_NOTIFY_URL: 'https://shop.example/v1/callbacks/wechatpay',
}

/** As docker compose reads `${NAME:?message}`. */
function interpolate(text: string): string {
  return text.replaceAll(/\$\{(\w+):\?[^}]*\}/g, (_all, name: string) => {
    const value = filledIn[name]
    if (value === undefined) throw new Error(`compose.env.example does not have ${name}`)
    return value
  })
}

describe('deploy/compose.yaml', () => {
  it('starts three nodes, each on a port of its own, that are healthy by /healthz: /readyz is for alerts', () => {
    expect(nodes).toHaveLength(3)
    expect(new Set(nodes.flatMap(([, node]) => node.ports)).size).toBe(3)
    for (const [, node] of nodes) {
      expect(node.healthcheck.test.join(' ')).toContain('/healthz')
      expect(node.depends_on).toEqual({
        postgres: { condition: 'service_healthy' },
        redis: { condition: 'service_healthy' },
      })
    }
  })

  it('restarts everything, and keeps what PostgreSQL and Redis write', () => {
    const services = Object.values(compose.services)
    expect(services.map(({ restart }) => restart)).toEqual(services.map(() => 'unless-stopped'))
    const mounted = services.flatMap(({ volumes }) => volumes.map((each) => each.split(':')[0]))
    expect(mounted).toEqual(Object.keys(compose.volumes))
  })

  it('sets only known configuration keys in the environment of a node', () => {
    const known = configKeys().map(({ envName }) => envName)
    for (const [, { environment }] of nodes) {
      expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([])
    }
  })

  it('has in compose.env.example exactly the names that it uses, and contains no secret itself', () => {
    const required = [...deployed('compose.env.example').matchAll(/^(\w+)=(.*)$/gm)]
    expect(required.map(([, name]) => name)).toEqual(Object.keys(filledIn))
    expect(required.map(([, , value]) => value).join('')).toBe('')
    const used = [...deployed('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)
    expect([...new Set(used)].sort()).toEqual(Object.keys(filledIn).sort())
  })

  it('yields a configuration that loads', () => {
    // WeChat Pay's key, which differs from the merchant's.
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const files: Readonly<Record<string, string>> = {
      apiclient_key: space.write('apiclient_key.pem', readFileSync(`${space.directory}/key.pem`)),
      pub_key: space.write('pub_key.pem', publicPem(publicKey)),
    }
    for (const [, node] of nodes) {
      expect(node.secrets).toEqual(Object.keys(compose.secrets))
      const env = Object.entries(node.environment).map(([name, value]) => {
        const secret = /^\/run\/secrets\/(\w+)$/.exec(value)?.[1]
        return [name, secret === undefined ? interpolate(value) : files[secret]]
      })
      const config = loadConfig({
        file: space.write('empty.yaml', ''),
        env: Object.fromEntries(env),
        need: 'serve',
      })
      expect(config).toMatchObject({
        server: { host: '0.0.0.0', port: 8080, apiToken: token },
        database: { url: 'postgres://budan:00ff00ff@postgres:5432/budan' },
        engine: { url: 'redis://redis:6379' },
        recharge: { compensationDrain: true },
        merchants: [{ name: 'default', mchId: '1900000001' }],
      })
    }
  })
})

describe('deploy/Dockerfile', () => {
  const packed = z
    .object({ files: z.array(z.string()) })
    .parse(JSON.parse(deployed('../package.json'))).files
  const folders = packed.filter((name) => !name.includes('.') && name !== 'LICENSE')

  it.each(folders)('copies %s, as npm packs it', (folder) => {
    const lines = deployed('Dockerfile').split('\n')
    expect(lines).toContain(`COPY --from=build /app/${folder} ./${folder}`)
    // dist is built in the image.
    if (folder === 'dist') return
    expect(lines).toContain(`COPY ${folder} ./${folder}`)
    expect(deployed('Dockerfile.dockerignore').split('\n')).toContain(`!${folder}`)
  })
})
