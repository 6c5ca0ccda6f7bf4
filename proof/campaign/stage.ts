import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Closing } from '../../bench/closing.ts'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { type RedisServer, startRedis } from '../../test/support/redis.ts'
import { Backend } from './backend.ts'
import { Gateway } from './load/gateway.ts'
import { NetworkLink } from './network-link.ts'
import { BudanNode, type NodeCounts, zeroNodeCounts } from './node.ts'
import type { CampaignOptions, EngineKind } from './options.ts'
import { killPrograms } from './program.ts'
import { configure } from './settings.ts'

/** The servers, nodes and links of a campaign, started and wired. */
export interface Stage {
  readonly directory: string
  readonly gateway: Gateway
  readonly backend: Backend
  readonly nodes: readonly BudanNode[]
  readonly nodeCounts: NodeCounts
  readonly links: Links
  readonly postgres: PostgresServer | null
  readonly redis: RedisServer | null
  readonly databaseUrl: string
  readonly token: string
  readonly secrets: readonly string[]
}

interface Links {
  /** From the nodes to the gateway. */
  readonly gateway: NetworkLink
  /** From the gateway to any node, also to a dead one: a balancer without health checks. */
  readonly callbacks: NetworkLink
  readonly redis: NetworkLink | null
}

export async function openStage(options: CampaignOptions, closing: Closing): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'budan-campaign-'))
  const gateway = await Gateway.start(directory, options.seed)
  closing.add(gateway, () => gateway.stop())
  const database = await openDatabase(options, { directory, closing })
  const redis = options.engine === 'redis' ? closing.add(await startRedis(), stop) : null
  const [backendPort = 0, ...ports] = await freePorts(options.kind === 'cluster' ? 4 : 2)
  const backend = closing.add(new Backend({ directory, port: backendPort }), (one) => one.kill())
  const links = await openLinks({ gateway, redis, ports, closing })
  const nodeCounts = zeroNodeCounts()
  const { nodeArgs = [] } = options.size
  const nodes = ports.map(
    (port, nth) =>
      new BudanNode({ name: `node-${nth + 1}`, port, directory, nodeCounts, nodeArgs }),
  )
  // No node may outlive the campaign, even if the campaign failed.
  closing.add(nodes, async () => killPrograms())
  const token = randomBytes(24).toString('hex')
  const stage = { directory, gateway, backend, nodes, nodeCounts, links, redis, token, ...database }
  return { ...stage, secrets: await configureNodes(stage, options) }
}

/** Removes the directory, unless its logs are to be kept. */
export async function leaveStage({ directory }: Stage, { keep }: { keep: boolean }): Promise<void> {
  if (!keep) await rm(directory, { recursive: true, force: true })
}

const stop = (part: { stop(): Promise<void> }) => part.stop()

async function openDatabase(
  { kind }: CampaignOptions,
  { directory, closing }: { directory: string; closing: Closing },
): Promise<{ postgres: PostgresServer | null; databaseUrl: string }> {
  if (kind === 'embedded')
    return { postgres: null, databaseUrl: `pglite:${join(directory, 'data')}` }
  const postgres = closing.add(await startPostgres(), stop)
  const client = new pg.Client(postgres.url)
  await client.connect()
  await client.query('create database campaign')
  await client.query('create database engine')
  await client.end()
  return { postgres, databaseUrl: databaseAt(postgres, 'campaign') }
}

function databaseAt({ url }: PostgresServer, name: string): string {
  return url.replace(/\/postgres$/, `/${name}`)
}

async function openLinks({
  gateway,
  redis,
  ports,
  closing,
}: {
  gateway: Gateway
  redis: RedisServer | null
  ports: readonly number[]
  closing: Closing
}): Promise<Links> {
  let connections = 0
  const nextNode = () => {
    connections += 1
    return ports[connections % ports.length] ?? 0
  }
  const open = async (target: () => number) =>
    closing.add(await NetworkLink.open(target), (link) => link.close())
  return {
    gateway: await open(() => portOf(gateway.url)),
    callbacks: await open(nextNode),
    redis: redis && (await open(() => portOf(redis.url))),
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

async function configureNodes(
  stage: Omit<Stage, 'secrets'>,
  { engine, size }: CampaignOptions,
): Promise<readonly string[]> {
  const { directory, gateway, backend, links, databaseUrl, token } = stage
  const secrets = stage.nodes.map(({ name, port }) =>
    configure(gateway.configFile, {
      ...{ directory, name, port, token, databaseUrl },
      engineUrl: engineUrl(engine, stage),
      gatewayPort: links.gateway.port,
      callbackPort: links.callbacks.port,
      ttlMins: size.ttlMins,
      webhook: { url: backend.url, secret: backend.secret },
    }),
  )
  return (await Promise.all(secrets))[0] ?? []
}

function engineUrl(engine: EngineKind, { links, postgres }: Omit<Stage, 'secrets'>): string {
  if (engine === 'redis' && links.redis !== null) return `redis://127.0.0.1:${links.redis.port}`
  if (engine === 'postgres' && postgres !== null) return databaseAt(postgres, 'engine')
  return 'local'
}

/** Opens all ports at once, so that they differ, and frees them for the nodes. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve, reject) => {
        server.once('error', reject).listen(0, '127.0.0.1', () => {
          const address = server.address()
          resolve(typeof address === 'object' && address !== null ? address.port : 0)
        })
      }),
  )
  const found = await Promise.all(ports)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return found
}
