import { isIP } from 'node:net'
import type { Wire } from '../api/wire.ts'
import { ControlError } from './control-error.ts'

/**
 * The control interface has no password, so that tests are short. A page of another site must not use
 * it through a browser on this machine. Browsers send where a request comes from; a page whose own DNS
 * name leads to this machine (DNS rebinding) sends that name as host.
 */
export function refuseOtherSites({ headers }: Wire): void {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  const isOwn = site === undefined ? isSameOrigin(origin, host) : /^(same-origin|none)$/.test(site)
  if (isOwn && isLocalName(host)) return
  throw new ControlError(403, 'OTHER_SITE', 'Refused: a page of another site sent it')
}

/** Clients that are no browsers send no origin. */
function isSameOrigin(origin: string | undefined, host: string): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

/** An address, or a name that public DNS does not have: `localhost`, one of a container or a private network. */
function isLocalName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(name) !== 0 || !name.includes('.') || /\.(internal|local|localhost)$/i.test(name)
}
