import type { FastifyInstance } from 'fastify'

/** What one of the console's tests, below the browser, may send with a request. */
export type Headers = Readonly<Record<string, string>>

const absent = '(absent)'

/**
 * A browser without a window: keeps cookies, says where it comes from, and remembers the form that
 * it saw last. For what a real one would never send, there are `headers`.
 */
export class Visit {
  readonly cookies = new Map<string, string>()
  readonly #app: FastifyInstance
  readonly #always: Headers

  constructor(app: FastifyInstance, always: Headers = {}) {
    this.#app = app
    this.#always = always
  }

  get(path: string, headers: Headers = {}) {
    return this.#send({ method: 'GET', path, headers })
  }

  post(path: string, fields: Headers, headers: Headers = {}) {
    const payload = new URLSearchParams(fields).toString()
    const own = {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    }
    return this.#send({ method: 'POST', path, headers: { ...own, ...headers }, payload })
  }

  /** As `post`, without one of the headers that every browser of today sends. */
  postWithout(name: string, path: string, fields: Headers, headers: Headers = {}) {
    return this.post(path, fields, { ...headers, [name]: absent })
  }

  /** The token of a form, as the page at `path` shows it. */
  async csrf(path = '/login'): Promise<string> {
    const { body } = await this.get(path)
    return /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? ''
  }

  /** As a person does: opens the page, and sends its form. */
  async logIn(token: string, fields: Headers = {}) {
    return this.post('/login', { _csrf: await this.csrf(), token, ...fields })
  }

  async #send(request: {
    method: 'GET' | 'POST'
    path: string
    headers: Headers
    payload?: string
  }) {
    const { method, path, headers, payload } = request
    const all = { accept: 'text/html', ...this.#always, ...this.#cookie(), ...headers }
    const sent = Object.entries(all).filter(([, value]) => value !== absent)
    const answer = await this.#app.inject({
      ...{ method, url: path, headers: Object.fromEntries(sent) },
      ...(payload !== undefined && { payload }),
    })
    for (const { name, value, expires } of answer.cookies) {
      if (expires !== undefined && +expires === 0) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return answer
  }

  #cookie(): Headers {
    const all = [...this.cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    return all.length === 0 ? {} : { cookie: all.join('; ') }
  }
}
