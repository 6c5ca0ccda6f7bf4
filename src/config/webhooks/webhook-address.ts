import { isIP } from 'node:net'
import {
  type AddressKind,
  addressKindOf,
  metadataWords,
} from '../../domain/webhooks/address-kind.ts'
import { shown } from '../values.ts'

/** Longer than any address that a person wrote. */
const lengthMax = 2000

/** Names that no public DNS has: they lead to the own network, and often have no certificate. */
const ownNames =
  /^[^.]+$|\.(local|localhost|internal|intranet|lan|home|corp|private|svc|test|arpa)$/i

/**
 * The fault of an address that events are sent to; null: none. Where a name leads is known only when it is
 * looked up, so the sender looks at the address as well, at each attempt.
 */
export function webhookAddressFault(value: string): string | null {
  // Before any check that prints the value: it may contain a password even where `URL` finds none.
  if (value.includes('@')) return 'must not carry a user name or password'
  if (value.length > lengthMax) return `is longer than ${lengthMax} characters`
  // `URL` removes line ends and tabs, and treats a backslash as a slash.
  if (!URL.canParse(value) || /[\s\p{Cc}\\]/u.test(value)) return `${shown(value)} is not a URL`
  const { protocol, hostname } = new URL(value)
  if (protocol !== 'https:' && protocol !== 'http:') return `${shown(value)} is not https`
  if (!/^https?:\/\//i.test(value)) return `${shown(value)} is not a URL`
  if (value.includes('#')) return `${shown(value)} must not have a fragment`
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const kind = isIP(host) === 0 ? nameKind(host) : addressKindOf(host)
  if (kind === 'forbidden') return `${shown(value)} leads to ${metadataWords}`
  return kind === 'public' && protocol === 'http:'
    ? `${shown(value)} must be https (http is for loopback and private addresses)`
    : null
}

function nameKind(name: string): AddressKind {
  return ownNames.test(name.replace(/\.$/, '')) ? 'own' : 'public'
}
