import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Door, Emit } from '../../domain/event.ts'
import { opens, type Scope } from '../../domain/scope.ts'
import { Refusal } from '../errors.ts'
import { actorOf, callerOf } from './actor.ts'
import { addressOf, networkOf } from './address.ts'
import { FewLines } from './few-lines.ts'
import { LateAnswers } from './late-answers.ts'
import type { Tokens } from './tokens.ts'
import { WrongTokens } from './wrong-tokens.ts'

/**
 * Authenticates requests to the API by a Bearer token, and to the console by a login. A token is
 * compared before anything else, so the right one is admitted at once, even while somebody guesses
 * from the same address. Each wrong one in a row is answered later than the one before.
 *
 * A guesser that does not wait for the answer can continue at once on another connection. The length
 * of the token, which `config/tokens/tokens.ts` requires, protects against that.
 */
export class Access {
  readonly tokens: Tokens
  readonly #emit: Emit
  readonly #wrongTokens = new WrongTokens()
  readonly #lateAnswers = new LateAnswers()
  readonly #report: FewLines<{ readonly door: Door; readonly address: string }>

  constructor(app: FastifyInstance, { tokens, emit }: { tokens: Tokens; emit: Emit }) {
    this.tokens = tokens
    this.#emit = emit
    this.#report = new FewLines((last, count) =>
      emit({ type: 'wrong_tokens', ...(last ?? { door: null, address: null }), count }),
    )
    app.addHook('preClose', async () => this.#lateAnswers.end())
    app.addHook('onClose', async () => this.#report.end())
  }

  /** For a wrong token. Resolves when it may be answered; hijacks the reply where it may not be. */
  async refuse(request: FastifyRequest, reply: FastifyReply, door: Door): Promise<void> {
    const address = addressOf(request)
    this.#emit({ type: 'access_refused', door })
    this.#report.note(`${door} ${networkOf(address)}`, { door, address })
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

  /** For a login. Requests of programs each carry the token, and are not reported. */
  accept(request: FastifyRequest, name: string): void {
    const address = addressOf(request)
    this.#wrongTokens.forget(address)
    this.#emit({ type: 'logged_in', name, address })
  }

  /**
   * Whether the sender may do what the scope opens. Where no token is configured everybody may; otherwise
   * nobody whose token was not examined.
   */
  may(request: FastifyRequest, scope: Scope): boolean {
    const caller = callerOf(request)
    return caller === null ? this.tokens.isOpen : opens(caller.scopes, scope)
  }

  /** For a token that is known and may not do this. */
  lacking(request: FastifyRequest, scope: Scope): Refusal {
    const actor = actorOf(request)
    this.#emit({ type: 'scope_missing', ...actor, scope, route: routeOf(request) })
    const message = `Token "${actor.name}" lacks the scope ${scope}`
    return new Refusal(403, { code: 'scope_missing', message })
  }

  /** For a request that changed something which no order's timeline has. */
  used(request: FastifyRequest): void {
    this.#emit({ type: 'right_used', ...actorOf(request), route: routeOf(request) })
  }

  /** For sessions that were ended by somebody else than who was logged in, or by them from elsewhere. */
  sessionsEnded(
    request: FastifyRequest,
    sessions: readonly { readonly tokenName: string }[],
  ): void {
    const counts = new Map<string, number>()
    for (const { tokenName } of sessions) counts.set(tokenName, (counts.get(tokenName) ?? 0) + 1)
    for (const [of, count] of counts) {
      this.#emit({ type: 'sessions_ended', ...actorOf(request), of, count })
    }
  }

  loggedOut(request: FastifyRequest, name: string): void {
    this.#emit({ type: 'logged_out', name, address: addressOf(request) })
  }
}

function routeOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url ?? ''}`
}
