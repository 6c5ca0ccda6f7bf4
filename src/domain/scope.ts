/** What a token may open. `admin` opens everything. */
export const scopes = [
  'orders:read',
  'orders:place',
  'orders:adopt',
  'orders:check',
  'orders:correct',
  'runs:write',
  'reviews:write',
  'bills:write',
  'events:read',
  'webhooks:write',
  'admin',
] as const
export type Scope = (typeof scopes)[number]

/** Sets of scopes for people. */
export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

const viewer: readonly Scope[] = ['orders:read', 'events:read']
const operator: readonly Scope[] = [
  ...viewer,
  ...(['orders:check', 'runs:write', 'reviews:write', 'bills:write'] as const),
]

/** An operator may adopt where the numbers that may be adopted are limited by `adopt_prefixes`. */
export function scopesOfRole(
  role: Role,
  { hasAdoptPrefixes }: { readonly hasAdoptPrefixes: boolean },
): readonly Scope[] {
  switch (role) {
    case 'viewer':
      return viewer
    case 'operator':
      return hasAdoptPrefixes ? [...operator, 'orders:adopt'] : operator
    case 'admin':
      return ['admin']
  }
}

export function opens(held: ReadonlySet<Scope>, needed: Scope): boolean {
  return held.has(needed) || held.has('admin')
}
