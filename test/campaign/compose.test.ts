import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
  image: z.string(),
  restart: z.string(),
  user: z.string().optional(),
  read_only: z.boolean().default(false),
  tmpfs: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z.array(z.string()).default([]),
  configs: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  command: z.array(z.string()).default([]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
})

const files = z.record(z.string(), z.object({ file: z.string() }))
const compose = z
  .object({
    services: z.record(z.string(), serviceShape),
    volumes: z.record(z.string(), z.null()),
    configs: files,
    secrets: files,
  })
  .parse(parse(deployed('compose.yaml'), { merge: true }))

type Service = z.infer<typeof serviceShape>

const services = Object.entries(compose.services)
const nodes = services.filter(([name]) => name.startsWith('budan-'))
const ends = ['role', 'migrate']

function named(name: string): Service {
  const service = compose.services[name]
  if (service === undefined) throw new Error(`compose.yaml has no service "${name}"`)
  return service
}

/** The values for the names that compose.env.example requires. */
const filledIn: Readonly<Record<string, string>> = {
  WECHAT_MCH_ID: '1900000001',
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_SERIAL_NO: '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC',
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

/** What make-secrets.sh writes, and what a person puts there. */
const deployment = join(space.directory, 'deploy')
const secretFile = (name: string) => join(deployment, compose.secrets[name]?.file ?? `no ${name}`)
const secret = (name: string) => readFileSync(secretFile(name), 'utf8')

function makeSecrets(): void {
  const script = join(deployment, 'make-secrets.sh')
  mkdirSync(deployment, { recursive: true })
  writeFileSync(script, deployed('make-secrets.sh'))
  execFileSync('sh', [script], { stdio: ['ignore', 'ignore', 'inherit'] })
}

beforeAll(() => {
  makeSecrets()
  // WeChat Pay's key, which differs from the merchant's.
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(secretFile('apiclient_key'), readFileSync(`${space.directory}/key.pem`))
  writeFileSync(secretFile('pub_key'), publicPem(publicKey))
  writeFileSync(secretFile('api_v3_key'), `${apiV3Key}\n`)
})

/** The environment of a container, with the mounted secrets where they are here. */
function environmentOf({ environment, secrets }: Service): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      const mounted = /^\/run\/secrets\/(\w+)$/.exec(value)?.[1]
      if (mounted === undefined) return [name, interpolate(value)]
      expect(secrets, `${name} needs the secret ${mounted}`).toContain(mounted)
      return [name, secretFile(mounted)]
    }),
  )
}

describe('deploy/compose.yaml', () => {
  it('starts three nodes, each on a port of its own, that are healthy by /healthz: /readyz is for alerts', () => {
    expect(nodes).toHaveLength(3)
    expect(new Set(nodes.flatMap(([, node]) => node.ports)).size).toBe(3)
    for (const [, node] of nodes) {
      expect(node.healthcheck?.test.join(' ')).toContain('/healthz')
      expect(node.depends_on).toEqual({
        postgres: { condition: 'service_healthy' },
        redis: { condition: 'service_healthy' },
        migrate: { condition: 'service_completed_successfully' },
      })
    }
  })

  it('restarts all but what ends by itself, and keeps what PostgreSQL and Redis write', () => {
    for (const [name, { restart }] of services) {
      expect({ name, restart }).toEqual({
        name,
        restart: ends.includes(name) ? 'no' : 'unless-stopped',
      })
    }
    const mounted = services.flatMap(([, { volumes }]) => volumes.map((each) => each.split(':')[0]))
    expect(mounted).toEqual(Object.keys(compose.volumes))
  })

  it('confines every container, and takes all capabilities from those that never are root', () => {
    for (const [name, service] of services) {
      expect({ name, ...service }).toMatchObject({
        ...{ name, read_only: true, security_opt: ['no-new-privileges:true'] },
        tmpfs: expect.arrayContaining(['/tmp']),
      })
      const isOwn = service.image === 'budan' || service.user !== undefined
      expect({ name, dropped: service.cap_drop }).toEqual({ name, dropped: isOwn ? ['ALL'] : [] })
    }
  })

  it('gives each container the secrets that it reads, and no other', () => {
    for (const [name, service] of services) {
      const { environment, command, healthcheck } = service
      const inConfigs = service.configs.map((config) =>
        deployed(compose.configs[config]?.file.slice(2) ?? ''),
      )
      const text = [...Object.values(environment), command, healthcheck?.test, inConfigs].join(' ')
      const read = [...text.matchAll(/\/run\/secrets\/(\w+)/g)].map(([, secret]) => secret)
      expect({ name, secrets: service.secrets }).toEqual({
        name,
        secrets: [...new Set(read)].sort(),
      })
    }
  })

  it('lets the owner migrate, and no node know the password of the owner', () => {
    expect(named('migrate').command).toEqual(['migrate', '--grants', 'budan_serve'])
    expect(named('migrate').depends_on).toEqual({
      role: { condition: 'service_completed_successfully' },
    })
    const env = environmentOf(named('migrate'))
    const { database } = loadConfig({ file: null, env, need: 'database' })
    expect(database.url).toBe(`postgres://budan:${secret('postgres_password')}@postgres:5432/budan`)
    for (const [, node] of nodes) {
      expect(node.secrets).not.toContain('owner_url')
      expect(node.secrets).not.toContain('postgres_password')
    }
    expect(deployed('serve-role.sql')).toContain('create role budan_serve login;')
  })

  it('runs Redis with a password', () => {
    const { command, healthcheck } = named('redis')
    const configured = command.join(' ')
    expect(configured).toContain('requirepass %s\\n')
    expect(configured).toContain('"$$(cat /run/secrets/redis_password)" >/tmp/redis.conf')
    expect(configured).toMatch(/redis-server \/tmp\/redis\.conf\s*$/)
    expect(healthcheck?.test.join(' ')).toContain('REDISCLI_AUTH=')
  })

  it('sets only known configuration keys in the environment of a node', () => {
    const names = ['PROOF_KEYS', ...configKeys().map(({ envName }) => envName)]
    const known = names.flatMap((name) => [name, `${name}_FILE`])
    for (const [, { environment }] of [...nodes, ['migrate', named('migrate')] as const]) {
      expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([])
    }
  })

  it('has in compose.env.example exactly the names that it uses, and contains no secret itself', () => {
    const required = [...deployed('compose.env.example').matchAll(/^(\w+)=(.*)$/gm)]
    expect(required.map(([, name]) => name)).toEqual(Object.keys(filledIn))
    expect(required.map(([, , value]) => value).join('')).toBe('')
    const used = [...deployed('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)
    expect([...new Set(used)].sort()).toEqual(Object.keys(filledIn).sort())
    const secretKeys =
      /^(server_api_token|proof_keys|database_url|engine_url|wechat_api_v3_key|.*password)$/i
    for (const [, { environment }] of services) {
      expect(Object.keys(environment).filter((name) => secretKeys.test(name))).toEqual([])
    }
  })

  it('yields a configuration that loads', () => {
    for (const [, node] of nodes) {
      const config = loadConfig({
        file: space.write('empty.yaml', ''),
        env: environmentOf(node),
        need: 'serve',
      })
      expect(config).toMatchObject({
        server: { host: '0.0.0.0', port: 8080, apiToken: secret('api_token') },
        database: {
          url: `postgres://budan_serve:${secret('serve_password')}@postgres:5432/budan`,
        },
        engine: { url: `redis://:${secret('redis_password')}@redis:6379` },
        recharge: { compensationDrain: true },
        merchants: [{ name: 'default', mchId: '1900000001' }],
        proof: { keys: [{ id: expect.any(String), secret: secret('proof_keys').split(':')[1] }] },
      })
    }
  })
})

describe('deploy/make-secrets.sh', () => {
  const written = () => readdirSync(join(deployment, 'secrets')).sort()

  it('writes all but what a person has, each password another, for its owner alone', () => {
    const files = Object.values(compose.secrets).map(({ file }) => file.replace('./secrets/', ''))
    expect(written()).toEqual(files.sort())
    const passwords = ['api_token', 'postgres_password', 'serve_password', 'redis_password']
    expect(new Set(passwords.map(secret)).size).toBe(4)
    for (const name of passwords) {
      expect(secret(name)).toMatch(/^[0-9a-f]{48}$/)
      expect(statSync(secretFile(name)).mode & 0o077).toBe(0)
    }
    expect(secret('proof_keys')).toMatch(/^k20\d{6}-[0-9a-f]{4}:[0-9a-f]{48}$/)
    expect(statSync(secretFile('proof_keys')).mode & 0o077).toBe(0)
    expect(statSync(join(deployment, 'secrets')).mode & 0o077).toBe(0)
  })

  it('run again changes nothing', () => {
    const all = () => written().map((name) => readFileSync(join(deployment, 'secrets', name)))
    const before = all()
    makeSecrets()
    expect(all()).toEqual(before)
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

  it('is built from bases that are named by their digest', () => {
    const text = deployed('Dockerfile')
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
    expect(bases.length).toBeGreaterThan(0)
    for (const base of bases) expect(base).toMatch(/^\$\{NODE\}$/)
    expect(text).toMatch(/^ARG NODE=node:22-bookworm-slim@sha256:[0-9a-f]{64}$/m)
  })

  it('installs what the lock file names, and runs as another user than root', () => {
    const text = deployed('Dockerfile')
    expect(text).toMatch(/^RUN npm ci /m)
    expect(text).not.toContain('npm install')
    const [, base, run = ''] = text.split(/^FROM .*$/m)
    expect(base).toBeDefined()
    expect(run).toMatch(/^USER node$/m)
    expect(run.indexOf('USER node')).toBeGreaterThan(run.lastIndexOf('COPY'))
  })

  it('has a lock file with the optional packages of every platform', () => {
    const shape = z.object({ optionalDependencies: z.record(z.string(), z.string()).default({}) })
    const { packages } = z
      .object({ packages: z.record(z.string(), shape) })
      .parse(JSON.parse(deployed('../package-lock.json')))
    const paths = Object.keys(packages)
    const missing = Object.values(packages)
      .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies))
      .filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))
    expect(missing).toEqual([])
  })
})
