import type { Store } from '../../store/store.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/**
 * Whether the user of the database has what it needs, and no more. Of an embedded database there is
 * nothing to say.
 */
export async function examineRights(store: Pick<Store, 'rights'>): Promise<readonly Finding[]> {
  const name = 'database rights'
  const held = await store.rights()
  if (held === null) return []
  const user = JSON.stringify(held.user)
  if (held.standing !== 'granted') {
    const detail =
      held.standing === 'superuser'
        ? `the user ${user} is a superuser: who has its password can switch off the triggers that guard payments`
        : `the user ${user} owns the tables, their schema or the database: who has its password can switch off the triggers that guard payments`
    return [warn(name, { detail, next: ownRole })]
  }
  if (held.lacking.length > 0) {
    const detail = `the user ${user} lacks ${held.lacking.join(', ')}`
    return [fail(name, { detail, next: grantTo(held.user) })]
  }
  if (held.excess.length > 0) {
    const detail = `the user ${user} need not have ${held.excess.join(', ')}`
    return [warn(name, { detail, next: takeFrom(held.user) })]
  }
  return [ok(name, `the user ${user} has what it needs, and no more`)]
}

const ownRole =
  'let serve use a role that owns nothing: `budan migrate --grants ROLE`; operations.md says how'

function grantTo(user: string): string {
  return `run \`budan migrate --grants ${user}\` as the owner of the tables`
}

/** What it has by other roles cannot be taken from it alone. */
function takeFrom(user: string): string {
  return `run \`budan migrate --grants ${user}\` as the owner of the tables, and see what it has as a member of other roles, or as everybody (PUBLIC) has`
}
