import type { KeyObject } from 'node:crypto'
import { randomBytes } from 'node:crypto'
import { once, setMaxListeners } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exchange } from './api/exchange.ts'
import { RequestLog } from './api/request-log.ts'
import { readWire } from './api/wire.ts'
import { Notifier, type NotifyingWorld } from './callbacks/notifier.ts'
import { Chance } from './chance.ts'
import { SimulatorClock } from './clock.ts'
import { type Control, controlOf } from './control/control.ts'
import { controlByHttp } from './control/control-http.ts'
import { parse } from './control/parse.ts'
import { Rules } from './faults/rules.ts'
import { Keyring, type PlatformKeys } from './keys/keyring.ts'
import { Book } from './orders/book.ts'
import {
  defaultSwitches,
  type Host,
  type Signing,
  type SwitchesPatch,
  switchesSchema,
} from './switches.ts'

/**
 * The merchant of the simulator, and its behaviour. `merchantOptions(merchant)` has the required ones.
 */
export interface SimulatorOptions {
  /** Default 127.0.0.1. The control interface has no password: beyond loopback, anybody can use it. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
  readonly mchid: string
  readonly appid: string
  /** Further app ids that are bound to the merchant number. */
  readonly appids?: readonly string[]
  /** 32 characters. */
  readonly apiV3Key: string
  /** Verifies the client's signatures; the serial number is that of its certificate. */
  readonly merchantPublicKey: KeyObject
  readonly merchantSerialNo: string
  /** The keys that WeChat Pay signs with. */
  readonly platform: PlatformKeys
  /** Default: public_key. */
  readonly signing?: Signing
  /** 60 makes a minute pass in a second: for callback retries, the shortest `time_expire`, the seven days of an order. */
  readonly timeScale?: number
  /** Default: runs with the system's. */
  readonly clock?: SimulatorClock
  /** Time of signatures, both ways, in ms since 1970. Default: the system's, also with a stepped clock. */
  readonly signatureNow?: () => number
  /** Equal seeds make equal random choices. Default: a random one. */
  readonly seed?: string
  readonly switches?: SwitchesPatch
  /** Opens a second address of the same gateway, on a free port: its backup in another city. */
  readonly secondHost?: boolean
  /** Requests that the log keeps; default 10,000. */
  readonly requestLogMax?: number
}

/** A running simulator of WeChat Pay. */
export interface Simulator {
  /** `http://127.0.0.1:40123`: the `wechat.base_url` of a client; `/_sim` below it is the control interface. */
  readonly url: string
  /** The second address of the same gateway; null without `secondHost`. */
  readonly secondUrl: string | null
  readonly signing: Signing
  readonly timeScale: number
  readonly seed: string
  readonly control: Control
  /** Ends connections, waiting callbacks and hanging answers. A second call has no effect. */
  stop(): Promise<void>
}

/** Starts a simulator and resolves once it listens. Throws if the address is in use or an option is wrong. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const stopping = new AbortController()
  // Each answer that is late listens to it, so more listeners than Node's default limit are normal.
  setMaxListeners(0, stopping.signal)
  const world = worldOf(options, stopping.signal)
  const control = controlOf(world)
  const server = serve(world, { control, host: 'main' })
  const second = options.secondHost ? serve(world, { control, host: 'second' }) : null
  const url = await listen(server, options)
  const secondUrl = second && (await listen(second, { ...options, port: 0 }))
  return {
    url,
    secondUrl,
    signing: world.switches.signing,
    timeScale: world.timeScale,
    seed: world.chance.seed,
    control,
    stop: async () => {
      stopping.abort()
      world.clock.clear()
      world.log.stop()
      await Promise.all([
        closed(server),
        second && closed(second),
        world.notifier.stop(),
        world.clock.quiet(),
      ])
    },
  }
}

function worldOf(options: SimulatorOptions, stopping: AbortSignal): NotifyingWorld {
  if (Buffer.byteLength(options.apiV3Key) !== 32) {
    throw new Error('Cannot simulate with an APIv3 key that is not 32 bytes long')
  }
  const timeScale = options.timeScale ?? 1
  if (!(timeScale > 0 && timeScale <= 1e6)) {
    throw new Error(`Cannot run at time scale "${timeScale}": it is not between 0 and 1000000`)
  }
  const chance = new Chance(options.seed ?? randomBytes(8).toString('hex'))
  const clock = options.clock ?? new SimulatorClock({ stepped: false })
  const base = {
    mchid: options.mchid,
    appid: options.appid,
    appids: [options.appid, ...(options.appids ?? [])],
    apiV3Key: options.apiV3Key,
    merchantPublicKey: options.merchantPublicKey,
    merchantSerialNo: options.merchantSerialNo,
    timeScale,
    clock,
    signatureNow: options.signatureNow ?? Date.now,
    chance,
    keyring: new Keyring(options.platform),
    book: new Book({ clock, chance, timeScale }),
    rules: new Rules(chance),
    log: new RequestLog(options.requestLogMax ?? 10_000),
    switches: initialSwitches(options),
    stopping,
  }
  return { ...base, notifier: new Notifier(base) }
}

function initialSwitches(options: SimulatorOptions) {
  const signing = options.signing ?? defaultSwitches.signing
  return parse(switchesSchema, { ...defaultSwitches, signing, ...options.switches })
}

function serve(world: NotifyingWorld, { control, host }: { control: Control; host: Host }): Server {
  // WeChat Pay sends `Keep-Alive: timeout=8`.
  return createServer({ keepAliveTimeout: 8_000 }, async (request, response) => {
    response.on('error', () => {}) // the client went away
    try {
      const wire = await readWire(request)
      if (!wire) refuseBody(response)
      else if (/^\/_sim(\/|$)/.test(wire.path)) await controlByHttp(control, wire, response)
      else if (world.switches.unreachable_hosts.includes(host)) request.socket.destroy()
      else await exchange(world, wire, response)
    } catch (error) {
      fail(response, error)
    }
  })
}

function refuseBody(response: ServerResponse): void {
  response.writeHead(413, { connection: 'close', 'content-length': 0 }).end()
}

/** A defect of the simulator: its answer has a code that WeChat Pay does not use. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const message = `The simulator failed: ${error instanceof Error ? error.message : String(error)}`
  response.writeHead(500, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ code: 'SIMULATOR_FAULT', message }))
}

async function listen(server: Server, options: SimulatorOptions): Promise<string> {
  const host = options.host ?? '127.0.0.1'
  server.listen(options.port ?? 0, host)
  await once(server, 'listening').catch((error: Error) => {
    throw new Error(`Cannot listen on "${host}:${options.port ?? 0}": ${error.message}`, {
      cause: error,
    })
  })
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function closed(server: Server): Promise<void> {
  const over = server.listening ? once(server, 'close') : Promise.resolve()
  server.close()
  server.closeAllConnections()
  await over
}
