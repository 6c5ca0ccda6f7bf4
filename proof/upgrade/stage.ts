import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Closing } from '../../bench/closing.ts'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { Gateway } from '../campaign/load/gateway.ts'
import { NetworkLink } from '../campaign/network-link.ts'
import { killPrograms } from '../campaign/program.ts'
import { freePorts } from '../campaign/stage.ts'
import { Cluster } from './cluster.ts'
import { mchidOf, type Party } from './settings.ts'

/** Servers for both parts of the proof, each of which has a database and nodes of its own. */
export interface Stage {
  readonly directory: string
  readonly postgres: PostgresServer
  readonly parties: readonly [Party, Party]
  readonly token: string
  openCluster(name: string, before: string): Promise<Cluster>
  /** Another commit's program can be built here. */
  readonly closing: Closing
}

export async function openStage(closing: Closing): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'budan-upgrade-'))
  const postgres = closing.add(await startPostgres(), (server) => server.stop())
  closing.add(directory, async () => killPrograms())
  const open = { cluster: null as Cluster | null }
  // From the gateways to any node that is ready: a balancer.
  const callbacks = closing.add(
    await NetworkLink.open(() => open.cluster?.nextPort() ?? 0),
    (link) => link.close(),
  )
  const openParty = async (name: Party['name'], path: string): Promise<Party> => {
    const own = join(directory, name)
    await mkdir(own)
    const gateway = closing.add(await Gateway.start(own, name), (started) => started.stop())
    const notifyUrl = `http://127.0.0.1:${callbacks.port}/v1/callbacks/wechatpay${path}`
    return { name, gateway, mchid: await mchidOf(gateway), notifyUrl }
  }
  const parties = [await openParty('default', ''), await openParty('second', '/second')] as const
  const token = randomBytes(24).toString('hex')
  const proofSecret = randomBytes(32).toString('hex')
  return {
    ...{ directory, postgres, parties, token, closing },
    openCluster: async (name, before) => {
      const databaseUrl = await newDatabase(postgres, name)
      const ports = await freePorts(2)
      open.cluster = new Cluster({
        ...{ directory, name, ports, token, proofSecret, databaseUrl, before },
      })
      return open.cluster
    },
  }
}

async function newDatabase({ url }: PostgresServer, name: string): Promise<string> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return url.replace(/\/postgres$/, `/${name}`)
}
