import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'

/**
 * Browsers send the origin of a request. A request that another site caused is refused, except for a
 * followed link to a page (`isPage`). The token in each form covers browsers that send no origin.
 */
export function refuseOtherSites(
  request: FastifyRequest,
  { isOpen, isPage }: { isOpen: boolean; isPage: boolean },
): void {
  const { method, headers } = request
  const { host = '' } = headers
  // Without a token, a foreign name whose DNS points at this machine would pass (DNS rebinding).
  if (isOpen && !isNumberOrLocal(host)) {
    const message = `Cannot serve host "${host.slice(0, 100)}" without server.api_token: use the address that serve printed`
    throw new Refusal(403, { code: 'host_unknown', message })
  }
  if (isLook(method)) {
    if (isOwn(request, ['same-origin', 'none']) || (isPage && isFollowed(request))) return
    const message = 'Refused: the request was sent by a page of another site'
    throw new Refusal(403, { code: 'other_site', message })
  }
  if (isOwn(request, ['same-origin'])) return
  const message = 'Refused: the form was sent from another site. Nothing was done'
  throw new Refusal(403, { code: 'other_site', message })
}

function isLook(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** `none`: the user's own action, such as a bookmark. */
function isOwn({ headers }: FastifyRequest, sites: readonly string[]): boolean {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  return site === undefined ? isSameOrigin(origin, host) : sites.includes(String(site))
}

/** Not a browser, or one that sends no origin: the form's token decides. */
function isSameOrigin(origin: string | undefined, host: string): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

/** A followed link, in a window of its own and not in a frame of the other site. */
function isFollowed({ headers }: FastifyRequest): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination = 'document' } = headers
  return mode === 'navigate' && destination === 'document'
}

function isNumberOrLocal(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || isIP(name) !== 0
}
