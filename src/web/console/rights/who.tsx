import { termsOf } from '../../../i18n/terms.ts'
import { useFrame, useLocale } from '../frame/rendering.ts'
import { commonWords } from '../words.ts'

/** Whose token or session the page was sent to, and what it may do; nothing where no token is needed. */
export function Who() {
  const { caller } = useFrame()
  const words = commonWords()
  const { role: roles } = termsOf(useLocale())
  if (caller === null) return null
  const { name, role, scopes } = caller
  const own = [...scopes].join(', ')
  return (
    <span class="who">
      <bdi title={name}>{name}</bdi> ·{' '}
      {role === null ? <abbr title={own}>{words.ownRights}</abbr> : roles[role]}
    </span>
  )
}
