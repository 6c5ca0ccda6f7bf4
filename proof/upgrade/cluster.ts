import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BudanNode, type NodeCounts, zeroNodeCounts } from '../campaign/node.ts'
import { type Ending, startProgram } from '../campaign/program.ts'
import { configureNode, type Party } from './settings.ts'

export type Version = 'before' | 'now'

interface ClusterOptions {
  readonly directory: string
  readonly name: string
  readonly ports: readonly number[]
  readonly token: string
  /** Of nodes of now. */
  readonly proofSecret: string
  readonly databaseUrl: string
  /** Where the program of before is. */
  readonly before: string
}

interface CommandEnd extends Ending {
  /** Null: it printed none. */
  readonly json: Readonly<Record<string, unknown>> | null
  /** What it wrote to standard error. */
  readonly output: string
}

interface PlacedNode {
  readonly version: Version
  readonly parties: readonly Party[]
  readonly node: BudanNode
}

/** Two nodes on one database, each of which can be replaced. */
export class Cluster {
  readonly counts: NodeCounts = zeroNodeCounts()
  readonly databaseUrl: string
  readonly #options: ClusterOptions
  readonly #placed: (PlacedNode | null)[]
  readonly #logs: { readonly version: Version; readonly file: string }[] = []
  #turn = 0
  #stopping = 0

  constructor(options: ClusterOptions) {
    this.#options = options
    this.databaseUrl = options.databaseUrl
    this.#placed = options.ports.map(() => null)
  }

  /** Of the nodes that are ready, and know the merchant. */
  portsFor(party: Party, version?: Version): readonly number[] {
    return this.#placed.flatMap((each) => {
      if (each === null || !each.node.isReady || !each.parties.includes(party)) return []
      return version === undefined || each.version === version ? [each.node.port] : []
    })
  }

  /** Its configuration lists merchants. */
  knowsSeveral(port: number): boolean {
    return this.#placed.some((each) => each?.node.port === port && each.parties.length > 1)
  }

  /** A node has got its SIGTERM, and has not ended yet. */
  get isStopping(): boolean {
    return this.#stopping > 0
  }

  nextPort(): number {
    const ports = this.#placed.flatMap((each) => (each?.node.isReady ? [each.node.port] : []))
    this.#turn += 1
    return ports[this.#turn % ports.length] ?? 0
  }

  /** SIGTERM to the node in this place, then the start of the other. False: it did not become ready. */
  async replace(place: number, { version, parties }: Omit<PlacedNode, 'node'>): Promise<boolean> {
    await this.stop(place)
    const { directory, name, ports, token, proofSecret, databaseUrl, before } = this.#options
    const port = ports[place] ?? 0
    const nodeName = `${name}-${this.#logs.length + 1}-${version}`
    const log = join(directory, `${nodeName}.log`)
    await configureNode({
      ...{ directory, name: nodeName, port, token, databaseUrl, parties },
      proofSecret: version === 'now' ? proofSecret : null,
    })
    this.#logs.push({ version, file: log })
    const node = new BudanNode({
      ...{ name: nodeName, port, directory, nodeCounts: this.counts, nodeArgs: [] },
      ...(version === 'before' ? { root: before } : {}),
    })
    node.start()
    this.#placed[place] = { version, parties, node }
    return node.becomeReady(AbortSignal.timeout(60_000))
  }

  async stop(place: number): Promise<void> {
    this.#stopping += 1
    await this.#placed[place]?.node.stop()
    this.#placed[place] = null
    this.#stopping -= 1
  }

  /** A command of one version, with the settings of a node of that version, or else of any. */
  async run(version: Version, args: readonly string[]): Promise<CommandEnd> {
    const { directory, before } = this.#options
    const placed =
      this.#placed.find((each) => each?.version === version) ?? this.#placed.find(Boolean)
    const log = `${args[0]}-${this.#logs.length}-${version}.log`
    const program = startProgram([...args, '--config', `${placed?.node.name}.yaml`], {
      ...{ directory, log },
      ...(version === 'before' ? { root: before } : {}),
    })
    const json = program.printed(/^\{.*\}$/m).then(
      ([text]) => JSON.parse(text) as Readonly<Record<string, unknown>>,
      () => null,
    )
    const ending = await program.ended
    return { ...ending, json: await json, output: await readFile(join(directory, log), 'utf8') }
  }

  /** How often each message was logged at the level `error`, by nodes of that version. */
  async errors(version: Version): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {}
    for (const { level, msg } of await this.#lines(version)) {
      if (level === 'error') counts[String(msg)] = (counts[String(msg)] ?? 0) + 1
    }
    return counts
  }

  /** The orders that nodes of that version have credited, by merchant's name and number, as their logs say. */
  async credited(version: Version): Promise<readonly string[]> {
    const lines = await this.#lines(version)
    return lines
      .filter(({ msg }) => msg === 'Order credited' || msg === 'Order compensated successfully')
      .map(({ merchant, order_no }) => `${merchant ?? 'default'} ${order_no}`)
  }

  async #lines(version: Version): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const own = this.#logs.filter((each) => each.version === version)
    const texts = await Promise.all(own.map(({ file }) => readFile(file, 'utf8')))
    return texts
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
  }
}
