/**
 * The gateway of the bench, in a process of its own. It writes answers that were signed beforehand and
 * are found by the request line, so that it takes almost no CPU time. Where there are too many orders
 * for that, it signs each answer on request. It does not verify requests. It ends when the process
 * that started it ends, for whatever reason.
 */
import { createServer, type Socket } from 'node:net'
import {
  absentResponse,
  type PaidOrder,
  type Signatory,
  signAnswers,
  signOnDemand,
  type TradeState,
} from './answers.ts'

/** Requests of the parent process; each is answered by one message. */
export type PeerRequest =
  | {
      readonly kind: 'sign'
      readonly orders: readonly PaidOrder[]
      readonly tradeState: TradeState
      /** True: keep the earlier answers too. False: drop them. */
      readonly beside: boolean
      readonly signatory: Signatory
    }
  /** From now on each answer is signed on request, for any order of the bench. */
  | { readonly kind: 'sign on demand'; readonly paidEvery: number; readonly signatory: Signatory }
  /** From now on each answer is delayed by `ms`. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The arrival times of all requests since the last request of this kind. */
  | { readonly kind: 'arrivals' }

/** Messages to the parent: first the port, then one answer to each request, in order. */
export type PeerMessage =
  | { readonly port: number }
  | { readonly signed: number }
  | { readonly paidEvery: number }
  | { readonly delayMs: number }
  /** Milliseconds of a monotonic clock. */
  | { readonly arrivals: readonly number[] }

let answerTo: (path: string) => Buffer = () => absentResponse
let delayMs = 0
let arrivals: number[] = []

const server = createServer(answerRequests).listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') reply({ port: address.port })
})

process.on('message', (request: PeerRequest) => {
  switch (request.kind) {
    case 'sign': {
      const answers = signAnswers(request, request.signatory)
      const others = request.beside ? answerTo : () => absentResponse
      answerTo = (path) => answers.get(path) ?? others(path)
      return reply({ signed: answers.size })
    }
    case 'sign on demand':
      answerTo = signOnDemand(request, request.signatory)
      return reply({ paidEvery: request.paidEvery })
    case 'delay':
      delayMs = request.ms
      return reply({ delayMs })
    case 'arrivals':
      reply({ arrivals })
      arrivals = []
  }
})
process.on('disconnect', () => process.exit())
// Ctrl-C reaches the whole process group. The parent still sends requests, and then disconnects.
process.on('SIGINT', () => undefined)

function reply(message: PeerMessage): void {
  process.send?.(message)
}

/** Answers requests without a body on a keep-alive connection. */
function answerRequests(socket: Socket): void {
  let received = ''
  socket.setNoDelay(true).setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.on('data', (text: string) => {
    received += text
    for (let end = received.indexOf(blankLine); end >= 0; end = received.indexOf(blankLine)) {
      const [, path = ''] = received.split(' ', 2)
      received = received.slice(end + blankLine.length)
      arrivals.push(performance.now())
      const answer = answerTo(path)
      if (delayMs === 0) socket.write(answer)
      else setTimeout(() => socket.write(answer), delayMs * (1 + jitter * (2 * Math.random() - 1)))
    }
  })
}

/**
 * Varies the delay, as a real gateway does. If all answers took equally long, timers and batches on
 * both sides would synchronise the queries, and each query would wait for all the others.
 */
const jitter = 0.1

const blankLine = '\r\n\r\n'
