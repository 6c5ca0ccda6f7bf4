import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { Refusal } from './errors.ts'

/**
 * A browser tells where a request comes from; nothing that another site had it send is answered.
 * The token in each form says the same once more, for browsers that do not tell.
 */
export function refuseOtherSites(request: FastifyRequest, { isOpen }: { isOpen: boolean }): void {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers
  // Without a token, a name that somebody else's DNS points at this machine would pass for ours.
  if (isOpen && !isNumberOrLocal(host)) {
    const message = `Cannot be asked for as "${host.slice(0, 100)}" without server.api_token: use the address that serve printed`
    throw new Refusal(403, { code: 'host_unknown', message })
  }
  if (request.method === 'GET' || request.method === 'HEAD') return
  const isOurs = site === undefined ? isSameOrigin(origin, host) : site === 'same-origin'
  if (isOurs) return
  const message = 'Refused: the form was sent from another site. Nothing was done'
  throw new Refusal(403, { code: 'other_site', message })
}

/** Not a browser, or one that says nothing: the form's token decides. */
function isSameOrigin(origin: string | undefined, host: string): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

function isNumberOrLocal(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || isIP(name) !== 0
}
