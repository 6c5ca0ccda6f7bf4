import { fork } from 'node:child_process'
import { once } from 'node:events'
import { bundled } from './bundled.ts'

/** A module of the bench in a child process, which ends when this process does. */
export interface Forked<Request, Message> {
  /** A message that the child sends without a request, for example when it has started. */
  nextMessage(): Promise<Message>
  /** Sends a request and resolves with its answer. Only one request at a time. */
  send(request: Request): Promise<Message>
  stop(): Promise<void>
}

export async function forkModule<Request extends object, Message>(
  module: URL,
): Promise<Forked<Request, Message>> {
  // Not the arguments of this process: the child must not load a profiler or a test runner.
  const child = fork(await bundled(module), [], { execArgv: [] })
  const exited = once(child, 'exit')
  const nextMessage = async (): Promise<Message> => {
    const gone = exited.then(([code]): never => {
      throw new Error(`${module.pathname} ended with ${String(code)}`)
    })
    const [message] = await Promise.race([once(child, 'message'), gone])
    return message as Message
  }
  return {
    nextMessage,
    send: (request) => {
      const answer = nextMessage()
      child.send(request)
      return answer
    },
    stop: async () => {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
