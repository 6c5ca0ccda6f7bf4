import type { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import {
  createPostgresBackend,
  createRedisBackend,
  type Processor,
  Queue,
  type QueueOptions,
  Worker,
  type WorkerOptions,
} from 'bullmq'
import type { ClientConfig } from 'pg'
import { within } from '../deadline.ts'
import { answerMsMax, openMsMax } from './link.ts'
import { wayToQueue } from './postgres-way.ts'

/** What both backends have in common, which is all that is used of them. */
export interface Parts {
  readonly queue: Pick<
    Queue,
    'add' | 'addBulk' | 'getJobCounts' | 'waitUntilReady' | 'close' | 'disconnect'
  >
  readonly worker: Pick<Worker, 'waitUntilReady' | 'close' | 'pause'>
  /** Errors of any of its connections, and the end of one. */
  listen(listeners: { error(error: Error): void; closed(): void }): void
  /** What hangs for all that is tried is cut. */
  cut(): void
}

export interface PartsOptions {
  readonly url: string
  readonly queueName: string
  readonly onJob: Processor
  readonly queue: Omit<QueueOptions, 'connection'>
  readonly worker: Omit<WorkerOptions, 'connection'>
}

export async function openParts(options: PartsOptions): Promise<Parts> {
  if (options.url.startsWith('redis')) return redisParts(options)
  return postgresParts(options, await within(openMsMax, wayToQueue(options.url)))
}

/**
 * A connection that is lost is not made again by the client: commands of one that tries for ever
 * wait for ever, in a queue without end. The link fails, and is replaced as a whole.
 */
function redisParts({ url, queueName, onJob, ...options }: PartsOptions): Parts {
  const connection = {
    url,
    connectTimeout: openMsMax,
    maxRetriesPerRequest: null,
    retryStrategy: () => null,
    // A server that is frozen acknowledges no farewell.
    disconnectTimeout: 500,
  }
  const queue = new Queue(queueName, { ...options.queue, connection }, createRedisBackend)
  const worker = new Worker(queueName, onJob, { ...options.worker, connection }, createRedisBackend)
  return { queue, worker, listen: listenTo(queue, worker), cut: () => undefined }
}

function postgresParts({ queueName, onJob, ...options }: PartsOptions, way: ClientConfig): Parts {
  const sockets = new Set<Socket>()
  const connection = {
    ...(way as object),
    migrate: true,
    // One for the queue's own statements, one for renewing a lock meanwhile.
    max: 2,
    connectionTimeoutMillis: openMsMax,
    query_timeout: 2 * answerMsMax,
    keepAlive: true,
    application_name: 'budan-engine',
    stream: () => remember(sockets, new Socket()),
  }
  const queue = new Queue(queueName, { ...options.queue, connection }, createPostgresBackend)
  const worker = new Worker(
    queueName,
    onJob,
    { ...options.worker, connection },
    createPostgresBackend,
  )
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return { queue, worker, listen: listenTo(queue, worker), cut }
}

function listenTo(...parts: readonly EventEmitter[]): Parts['listen'] {
  return ({ error, closed }) => {
    for (const part of parts) part.on('error', error).on('ioredis:close', closed)
  }
}

function remember(sockets: Set<Socket>, socket: Socket): Socket {
  sockets.add(socket)
  return socket.once('close', () => sockets.delete(socket))
}
