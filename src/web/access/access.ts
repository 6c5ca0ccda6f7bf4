import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Door, Emit } from '../../domain/event.ts'
import { addressOf } from './address.ts'
import { LateAnswers } from './late-answers.ts'
import type { Tokens } from './tokens.ts'
import { WrongTokenReport } from './wrong-token-report.ts'
import { WrongTokens } from './wrong-tokens.ts'

/**
 * Who is let in, at both doors: by a Bearer token to the API, by a login to the console. A token is
 * compared before anything else, so the right one is let in at once, whoever else guesses from the
 * same address. A wrong one is answered ever later.
 *
 * Whoever does not wait for the answer can guess on at once, on another connection. What stands
 * against that is the length of the token, which `config/tokens.ts` demands.
 */
export class Access {
  readonly tokens: Tokens
  readonly #emit: Emit
  readonly #wrongTokens = new WrongTokens()
  readonly #lateAnswers = new LateAnswers()
  readonly #report: WrongTokenReport

  constructor(app: FastifyInstance, { tokens, emit }: { tokens: Tokens; emit: Emit }) {
    this.tokens = tokens
    this.#emit = emit
    this.#report = new WrongTokenReport(emit)
    app.addHook('preClose', async () => this.#lateAnswers.end())
    app.addHook('onClose', async () => this.#report.end())
  }

  /** Of a wrong token. Resolves when it may be answered; the reply is taken over where it may not be. */
  async refuse(request: FastifyRequest, reply: FastifyReply, door: Door): Promise<void> {
    const address = addressOf(request)
    this.#emit({ type: 'access_refused', door })
    this.#report.note({ door, address })
    const waitMs = this.#wrongTokens.note(address)
    if (await this.#lateAnswers.wait(request, waitMs)) {
      // Guesses that were sent ahead on the same connection are not answered.
      if (waitMs > 0) reply.header('connection', 'close')
      return
    }
    reply.hijack()
    reply.raw.destroy()
    request.raw.socket.destroy?.()
  }

  /** Of a login. Programs come in with each request, and are not told of. */
  accept(request: FastifyRequest, name: string): void {
    const address = addressOf(request)
    this.#wrongTokens.forget(address)
    this.#emit({ type: 'logged_in', name, address })
  }

  loggedOut(request: FastifyRequest, name: string): void {
    this.#emit({ type: 'logged_out', name, address: addressOf(request) })
  }
}
