import { remedyFor, wordsOf } from '../servers/postgres-remedies.ts'

/** Why an engine's server cannot be used, and what to do about it. */
export interface ServerFault {
  readonly what: string
  /** Null: none is known. */
  readonly remedy: string | null
}

type Remedy = readonly [message: RegExp, remedy: string]

/** By the message of Redis, its client or the system; the first match counts. */
const redisRemedies: readonly Remedy[] = [
  [/WRONGPASS|invalid (username-)?password/i, 'user or password in engine.url is wrong'],
  [/NOAUTH/, 'it wants a password, and engine.url has none'],
  [/NOPERM/, 'its ACL keeps this user from what the queue needs: ACL SETUSER … +@all ~bull:*'],
  [/READONLY/, 'it is a replica: name the primary in engine.url'],
  [/MOVED|CROSSSLOT|CLUSTERDOWN|ASK \d/, noCluster()],
  [/LOADING/, 'it is still loading its data: try again in a minute'],
  [/MISCONF/, 'it cannot save its data: see its disk and its log'],
  [/OOM command/, 'its memory is full: raise maxmemory'],
  [/max number of clients/, 'it has no room for more connections: raise maxclients'],
  [/DENIED .*protected mode/s, 'it lets in its own machine alone: set a password or bind there'],
  [/DB index is out of range/, 'it has no database of that number: correct the end of engine.url'],
  // A TLS alert begins with this byte.
  [/got "(\\u0015|\p{Cc})"/u, 'it wants TLS: write rediss:// in engine.url'],
  [/Protocol error/, 'what listens there is no Redis: correct host and port in engine.url'],
  [
    /wrong version number|packet length too long|before secure TLS connection/,
    'it speaks no TLS: write redis:// in engine.url',
  ],
  [
    /ALTNAME|does not match certificate/,
    'its certificate is for other names: connect by one of those',
  ],
  [/certificate has expired/, 'its certificate has ended: it needs a new one'],
  [
    /self-signed|unable to (verify|get)|certificate/i,
    'nobody whom this machine trusts vouches for its certificate: name the CA in NODE_EXTRA_CA_CERTS',
  ],
  [/ENOTFOUND/, 'no such host is known: correct its name in engine.url'],
  [/EAI_/, 'no DNS server answers: see to the network of this machine'],
  [/ECONNREFUSED/, 'nobody listens there: start it, or correct host and port in engine.url'],
  [
    /E(HOST|NET)UNREACH/,
    'no way leads there: see to the network, and correct the host in engine.url',
  ],
  [
    /ETIMEDOUT|no answer within/,
    'it takes no connection in time: a firewall may be between, or it hangs',
  ],
  [
    /ECONNRESET|EPIPE|Connection is closed|socket closed/i,
    'it hung up: it wants TLS (rediss://), or is about to stop; its log says which',
  ],
]

function noCluster(): string {
  return 'the queue needs one Redis, and no cluster: name another in engine.url'
}

export function redisFault(what: string): ServerFault {
  return { what, remedy: redisRemedies.find(([words]) => words.test(what))?.[1] ?? null }
}

export function postgresFault(error: unknown): ServerFault {
  const what = wordsOf(error)
  return { what, remedy: remedyFor(error, what) }
}

/** In one line, for the log. */
export function faultText({ what, remedy }: ServerFault): string {
  return remedy === null ? what : `${what}; ${remedy}`
}

/** The oldest version that the queue supports. */
const redisMajorMin = 5

/**
 * The fault that INFO shows of a Redis that can be reached. One that may evict keys loses ticks and
 * batches; it is used nevertheless, because runs do not depend on the queue alone.
 */
export function faultInInfo(info: string): ServerFault | null {
  const said = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const mode = said('redis_mode')
  if (mode === 'sentinel') {
    return {
      what: 'it is a Sentinel, which keeps no data',
      remedy: 'name the Redis that it watches',
    }
  }
  const version = said('redis_version')
  if (version !== '' && Number.parseInt(version, 10) < redisMajorMin) {
    return {
      what: `it is Redis ${version}, and ${redisMajorMin} is the oldest that the queue takes`,
      remedy: 'move it to a newer Redis',
    }
  }
  if (mode === 'cluster' || said('cluster_enabled') === '1') {
    return { what: 'it is a cluster', remedy: noCluster() }
  }
  if (said('role') === 'slave') {
    return {
      what: 'it is a replica, which cannot be written to',
      remedy: 'name the primary in engine.url',
    }
  }
  const policy = said('maxmemory_policy')
  return policy === '' || policy === 'noeviction'
    ? null
    : {
        what: `its maxmemory-policy is ${policy}: it may throw the queue away`,
        remedy: 'set maxmemory-policy noeviction there',
      }
}
