import type { IncomingMessage } from 'node:http'

/** Far more than a request of any operation needs. */
const bodyBytesMax = 65_536

/** A request as it was received: the signature is over the bytes. */
export interface Wire {
  readonly method: string
  /** Path and query, still percent-encoded. */
  readonly target: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Null: the body is too large, or the client went away while sending it. */
export async function readWire(request: IncomingMessage): Promise<Wire | null> {
  const body = await readBody(request)
  if (!body) return null
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  return {
    method: request.method ?? 'GET',
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: singleHeaders(request),
    body,
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of request) {
      bytes += part.length
      if (bytes > bodyBytesMax) return null
      parts.push(part)
    }
  } catch {
    return null
  }
  return Buffer.concat(parts)
}

function singleHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers[name] = value
    else if (value) headers[name] = value.join(', ')
  }
  return headers
}
