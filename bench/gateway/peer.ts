/**
 * The gateway's side of the bench, in a process of its own: answers signed beforehand, found by
 * the request line and written as they are, so that it costs the machine next to nothing. It takes
 * any request for genuine. It ends when the process that started it does, in whatever way.
 */
import { createServer, type Socket } from 'node:net'
import { absentResponse, type PaidOrder, type Signatory, signAnswers } from './answers.ts'

/** What the parent says. */
export interface SignRequest {
  readonly orders: readonly PaidOrder[]
  readonly signatory: Signatory
}

/** What it is told: first the port, then the end of each signing. */
export type PeerMessage = { readonly port: number } | { readonly signed: number }

let answers: ReadonlyMap<string, Buffer> = new Map()

const server = createServer(answerRequests).listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') tell({ port: address.port })
})

process.on('message', ({ orders, signatory }: SignRequest) => {
  answers = signAnswers(orders, signatory)
  tell({ signed: answers.size })
})
process.on('disconnect', () => process.exit())
// Ctrl-C goes to the whole group: the parent is still asking, and disconnects when it has ended.
process.on('SIGINT', () => undefined)

function tell(message: PeerMessage): void {
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
      socket.write(answers.get(path) ?? absentResponse)
    }
  })
}

const blankLine = '\r\n\r\n'
