import { isIP } from 'node:net'
import { ControlError } from './control-error.ts'
import type { Wire } from './wire.ts'

/**
 * The control interface asks for no password, so that programs find it easy. A page of another site
 * must not have a browser on this machine use it: browsers say where a request comes from, and a page
 * that its own DNS led here comes with its own name.
 */
export function refuseOtherSites({ headers }: Wire): void {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  const isOwn = site === undefined ? isSameOrigin(origin, host) : /^(same-origin|none)$/.test(site)
  if (isOwn && isLocalName(host)) return
  throw new ControlError(403, 'OTHER_SITE', 'Refused: a page of another site sent it')
}

/** Programs send no origin. */
function isSameOrigin(origin: string | undefined, host: string): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

/** An address, or a name that no public DNS has: `localhost`, a container's, a private network's. */
function isLocalName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(name) !== 0 || !name.includes('.') || /\.(internal|local|localhost)$/i.test(name)
}
