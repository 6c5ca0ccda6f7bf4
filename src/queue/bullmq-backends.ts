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
import { routeToQueue } from './postgres-route.ts'
import { answerMsMax, openMsMax } from './queue-connection.ts'

/** What budan uses of a backend; both have it. */
export interface QueueParts {
  readonly queue: EventEmitter &
    Pick<Queue, 'add' | 'addBulk' | 'getJobCounts' | 'waitUntilReady' | 'close' | 'disconnect'>
  readonly worker: EventEmitter & Pick<Worker, 'waitUntilReady' | 'close' | 'pause'>
  /** Closes sockets that still hang after everything else. */
  cut(): void
}

export interface QueuePartsOptions {
  readonly url: string
  readonly queueName: string
  readonly onJob: Processor
  readonly queue: Omit<QueueOptions, 'connection'>
  readonly worker: Omit<WorkerOptions, 'connection'>
}

export async function openParts(options: QueuePartsOptions): Promise<QueueParts> {
  if (options.url.startsWith('redis')) return redisParts(options)
  return postgresParts(options, await within(openMsMax, routeToQueue(options.url)))
}

/**
 * The client does not reconnect: while one that does is retrying, its commands wait in a queue without
 * bound. The connection fails instead, and is replaced as a whole.
 */
function redisParts({ url, queueName, onJob, ...options }: QueuePartsOptions): QueueParts {
  const connection = {
    url,
    connectTimeout: openMsMax,
    maxRetriesPerRequest: null,
    retryStrategy: () => null,
    // A server that is frozen does not acknowledge the end of a connection.
    disconnectTimeout: 500,
  }
  const queue = new Queue(queueName, { ...options.queue, connection }, createRedisBackend)
  const worker = new Worker(queueName, onJob, { ...options.worker, connection }, createRedisBackend)
  return { queue, worker, cut: () => undefined }
}

function postgresParts(
  { queueName, onJob, ...options }: QueuePartsOptions,
  way: ClientConfig,
): QueueParts {
  const sockets = new Set<Socket>()
  const connection = {
    ...(way as object),
    migrate: true,
    // One for the queue's own statements, one to renew a lock at the same time.
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
  return { queue, worker, cut }
}

function remember(sockets: Set<Socket>, socket: Socket): Socket {
  sockets.add(socket)
  return socket.once('close', () => sockets.delete(socket))
}
