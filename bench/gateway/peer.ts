/**
 * The gateway's side of the bench, in a process of its own: answers signed beforehand, found by
 * the request line and written as they are, so that it costs the machine next to nothing; or, where
 * they are too many for that, signed as they are asked for. It takes any request for genuine. It
 * ends when the process that started it does, in whatever way.
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

/** What the parent says; each is answered by one message. */
export type PeerRequest =
  | {
      readonly kind: 'sign'
      readonly orders: readonly PaidOrder[]
      readonly tradeState: TradeState
      /** Beside the answers so far, which are forgotten otherwise. */
      readonly beside: boolean
      readonly signatory: Signatory
    }
  /** From now on answers are signed as they are asked for, of any order of the bench. */
  | { readonly kind: 'sign on demand'; readonly paidEvery: number; readonly signatory: Signatory }
  /** From now on each answer comes so much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** When each request came since this was asked last. */
  | { readonly kind: 'arrivals' }

/** What it is told: first the port, then the answers in turn. */
export type PeerMessage =
  | { readonly port: number }
  | { readonly signed: number }
  | { readonly paidEvery: number }
  | { readonly delayMs: number }
  /** Milliseconds by a clock that only goes forward. */
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
// Ctrl-C goes to the whole group: the parent is still asking, and disconnects when it has ended.
process.on('SIGINT', () => undefined)

function reply(message: PeerMessage): void {
  process.send?.(message)
}

/** Requests without a body, on a connection kept open. */
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
 * No gateway answers to the millisecond. Where all answers take exactly as long, timers and batches
 * on both sides bring the questions into step after a while, and each waits for all the others.
 */
const jitter = 0.1

const blankLine = '\r\n\r\n'
