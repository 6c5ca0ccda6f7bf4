import type { Scope } from '../../domain/scope.ts'
import { Refusal } from '../errors.ts'

export function scopeRefusal(name: string, scope: Scope): Refusal {
  const message = `Token "${name}" lacks the scope ${scope}`
  return new Refusal(403, { code: 'scope_missing', message })
}
