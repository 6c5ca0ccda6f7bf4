import type { Access } from '../../access/access.ts'
import { callerOf } from '../../access/actor.ts'
import type { Guard } from '../login/guard.ts'
import type { Exchange } from '../visitor.ts'

/** What is wrong with the token that was entered once more; null: nothing, or none is needed. */
export type TokenFault = 'missing' | 'wrong' | 'expired' | 'anothers' | null

export type TokenAgain = (exchange: Exchange, typed: string | undefined) => Promise<TokenFault>

/**
 * For what nobody else may do at a browser that was left open: the token of the session is entered once
 * more. Who sends a Bearer token has just sent it. A wrong one counts, and is delayed, as at a login; the
 * reply may be sent then, like there.
 */
export function tokenAgain({ access, guard }: { access: Access; guard: Guard }): TokenAgain {
  return async ({ request, reply }, typed = '') => {
    if (guard.entryOf(request) !== 'session') return null
    const text = typed.trim()
    if (text === '') return 'missing'
    const found = access.tokens.find(Buffer.from(text))
    if (found === 'expired') return 'expired'
    if (found === null) {
      await access.refuse(request, reply, 'console')
      return 'wrong'
    }
    return found.name === callerOf(request)?.name ? null : 'anothers'
  }
}
