import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { StoreError } from '../../src/store/errors.ts'
import { Stream } from '../../src/web/console/overview/live.ts'
import { startWeb } from '../../src/web/server.ts'
import { useWorlds, type World } from '../support/world.ts'

const openWorld = useWorlds()
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const apiToken = 'a token of the live tests'

async function serve(token: string | null = null): Promise<{
  world: World
  url: string
  /** Whether sessions cannot be looked up. */
  away: { is: boolean }
  close(): Promise<void>
}> {
  const away = { is: false }
  const world = await openWorld()
  const { store } = world
  const findSession = store.findSession.bind(store)
  store.findSession = async (keyHash) => {
    if (away.is) throw new StoreError('it is away')
    return findSession(keyHash)
  }
  const server = { ...world.config.server, apiToken: token }
  const web = await startWeb(world.budan, { server, version: 'test', clock: world.now })
  closing.push(() => web.close())
  return { world, away, ...web }
}

interface Received {
  readonly event: string
  readonly data: string
}

/** A stream of events, as a browser receives it. */
class Listener {
  readonly response: Response
  readonly #abort = new AbortController()
  readonly #events: AsyncGenerator<Received>

  private constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#abort = abort
    this.#events = eventsOf(response)
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<Listener> {
    const abort = new AbortController()
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...headers },
      signal: abort.signal,
    })
    const listener = new Listener(response, abort)
    closing.push(async () => listener.close())
    return listener
  }

  /** The next event that fits. */
  async until(fits: (received: Received) => boolean): Promise<Received> {
    for (;;) {
      const { value, done } = await this.#events.next()
      if (done === true) throw new Error('The stream ended')
      if (fits(value)) return value
    }
  }

  /** The names of the events until the end of the stream. */
  async rest(): Promise<readonly string[]> {
    const names: string[] = []
    for await (const { event } of this.#events) names.push(event)
    return names
  }

  close(): void {
    this.#abort.abort()
  }
}

async function* eventsOf(response: Response): AsyncGenerator<Received> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split('\n')
      const valuesOf = (name: string) =>
        lines
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
      const [event] = valuesOf('event')
      if (event !== undefined) yield { event, data: valuesOf('data').join('\n') }
    }
  }
}

const isTick = ({ event }: Received) => event === 'tick'

describe('the live overview', () => {
  it('sends each region whole at first, in the language of the viewer', async () => {
    const { url } = await serve()
    const listener = await Listener.open(`${url}/live?hours=24`, { 'accept-language': 'zh' })
    expect(listener.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(listener.response.headers.get('cache-control')).toBe('no-store')
    const seen = new Map<string, string>()
    await listener.until((received) => {
      seen.set(received.event, received.data)
      return isTick(received)
    })
    expect([...seen.keys()]).toEqual([
      ...['verdict', 'figures', 'states', 'sources', 'numbers', 'table', 'health', 'runs', 'tick'],
    ])
    expect(seen.get('verdict')).toContain('本进程的定时器已停止')
    expect(seen.get('figures')).toContain('最近 24 小时没有入账')
    expect(seen.get('tick')).toBe('2026-01-24T07:00:00.000Z')
  })

  it('shows a credit as soon as it is made', async () => {
    const { url, world } = await serve()
    await world.adopt('ORDER-1')
    world.control.pay('ORDER-1', { callback: false })
    await world.advanceMins(6)
    const listener = await Listener.open(`${url}/live`)
    await listener.until(isTick)
    await world.budan.run({ dryRun: false })
    const paid = await listener.until(
      ({ event, data }) => event === 'sources' && /compensation job.*?<td>1<\/td>/.test(data),
    )
    expect(paid.data).toContain('<td>6 min</td>')
    const isRun = ({ event, data }: Received) => event === 'runs' && data.includes('finished')
    expect((await listener.until(isRun)).data).toContain('/runs/1')
  })

  it('sends nothing but the time while nothing changes', async () => {
    const { url, world } = await serve()
    const listener = await Listener.open(`${url}/live`)
    await listener.until(isTick)
    // The first audit, in the background, is news once.
    await listener.until(({ event, data }) => event === 'figures' && data.includes('Counted at'))
    await listener.until(isTick)
    world.budan.emit({ type: 'breaker_closed' })
    expect((await listener.until(() => true)).event).toBe('tick')
  })

  it('shows the same to the second who opens it, at once', async () => {
    const { url } = await serve()
    const [first, second] = [await Listener.open(`${url}/live`), await Listener.open(`${url}/live`)]
    const isVerdict = ({ event }: Received) => event === 'verdict'
    const verdicts = await Promise.all([first.until(isVerdict), second.until(isVerdict)])
    expect(verdicts[0]).toEqual(verdicts[1])
  })

  it('ends when the server stops', async () => {
    const { url, close } = await serve()
    const listeners = [await Listener.open(`${url}/live`), await Listener.open(`${url}/live`)]
    for (const listener of listeners) await listener.until(isTick)
    // Whose streams did not end would wait for the deadline of requests in flight, and fail.
    const [, ...rest] = await Promise.all([close(), ...listeners.map((each) => each.rest())])
    expect(rest.flat()).not.toContain('ended')
  })

  it('is for nobody who is not logged in', async () => {
    const { url } = await serve(apiToken)
    const answer = await fetch(`${url}/live`, { headers: { accept: 'text/event-stream' } })
    expect(answer.status).toBe(401)
    const bearer = await Listener.open(`${url}/live`, { authorization: `Bearer ${apiToken}` })
    expect((await bearer.until(isTick)).event).toBe('tick')
  })

  it('ends with the login, and says so', async () => {
    const { url, world } = await serve(apiToken)
    const cookies = await logIn(url)
    const listener = await Listener.open(`${url}/live`, { cookie: cookies.text })
    await listener.until(isTick)
    await send(`${url}/logout`, { _csrf: cookies.csrf }, cookies.text)
    world.budan.emit({ type: 'breaker_closed' })
    expect((await listener.rest()).at(-1)).toBe('ended')
    const again = await fetch(`${url}/live`, { headers: { cookie: cookies.text } })
    expect(again.status).toBe(401)
  })

  it('ends with a logout on another node', async () => {
    const { url, world } = await serve(apiToken)
    const server = { ...world.config.server, apiToken }
    const other = await startWeb(world.budan, { server, version: 'test', clock: world.now })
    closing.push(() => other.close())
    const cookies = await logIn(url)
    const listener = await Listener.open(`${url}/live`, { cookie: cookies.text })
    await listener.until(isTick)
    await send(`${other.url}/logout`, { _csrf: cookies.csrf }, cookies.text)
    world.budan.emit({ type: 'breaker_closed' })
    expect((await listener.rest()).at(-1)).toBe('ended')
  })

  it('ends when it cannot be checked whether the login is still valid, and says so', async () => {
    const { url, world, away } = await serve(apiToken)
    const cookies = await logIn(url)
    const listener = await Listener.open(`${url}/live`, { cookie: cookies.text })
    await listener.until(isTick)
    away.is = true
    world.budan.emit({ type: 'breaker_closed' })
    expect((await listener.rest()).at(-1)).toBe('away')
    away.is = false
    const again = await Listener.open(`${url}/live`, { cookie: cookies.text })
    expect((await again.until(isTick)).event).toBe('tick')
  })

  it('ends when the time of the login is over', async () => {
    const { url, world } = await serve(apiToken)
    const cookies = await logIn(url)
    const listener = await Listener.open(`${url}/live`, { cookie: cookies.text })
    await listener.until(isTick)
    await world.advanceMins(12 * 60 + 1)
    world.budan.emit({ type: 'breaker_closed' })
    expect((await listener.rest()).at(-1)).toBe('ended')
  })

  it('is refused where too many watch, until one of them leaves', async () => {
    const { url } = await serve()
    const listeners: Listener[] = []
    for (let each = 0; each < 64; each += 1) listeners.push(await Listener.open(`${url}/live`))
    const refused = await fetch(`${url}/live`)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('60')
    expect(await refused.json()).toMatchObject({ code: 'streams_full' })
    listeners[0]?.close()
    await openSoon(`${url}/live`)
  })

  it('ends for a browser that leaves before its turn on the connection has come', async () => {
    const { url } = await serve()
    const request = 'GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const sockets = Array.from({ length: 32 }, () =>
      connect(Number(new URL(url).port), '127.0.0.1'),
    )
    for (const socket of sockets) {
      closing.push(async () => socket.destroy())
      // The first takes the connection for itself, and the second waits for it.
      socket.write(request.repeat(2))
      await once(socket, 'data')
    }
    expect((await fetch(`${url}/live`)).status).toBe(503)
    for (const socket of sockets) socket.destroy()
    for (let each = 0; each < 64; each += 1) await openSoon(`${url}/live`)
  })

  it('that has ended says nothing more, also where its last words wait to be read', async () => {
    const { response, stream } = await unread()
    const faults: unknown[] = []
    response.on('error', (fault) => faults.push(fault))
    while (response.writableLength === 0) {
      stream.show({ figures: String(performance.now()).padEnd(64 * 1024, '.') })
      await turn()
    }
    for (let reading = 0; reading < 3; reading += 1) {
      stream.end('ended')
      stream.show({ figures: String(reading), runs: 'more' })
      await turn()
    }
    expect(response.writableFinished).toBe(false)
    expect(faults).toEqual([])
  })

  it('sends a text with line ends of any kind as one event', () => {
    const written: string[] = []
    const response = { write: (text: string) => written.push(text) } as unknown as ServerResponse
    new Stream(response).send('health', 'a\rb\r\nc\nevent: ended')
    expect(written).toEqual(['event: health\ndata: a\ndata: b\ndata: c\ndata: event: ended\n\n'])
  })

  it('lets go of a reader that does not read', async () => {
    const { response, stream } = await unread()
    let updates = 0
    while (!response.destroyed && updates < 10_000) {
      updates += 1
      stream.show({ figures: String(updates).padEnd(64 * 1024, '.') })
      await turn()
    }
    expect(response.destroyed).toBe(true)
  })
})

/** Opens a stream as soon as there is room for one; those before it may be on their way out still. */
async function openSoon(url: string): Promise<void> {
  let status = 503
  for (let attempt = 0; status === 503 && attempt < 1000; attempt += 1) {
    const next = await Listener.open(url)
    status = next.response.status
  }
  expect(status).toBe(200)
}

/** A stream to somebody who reads nothing. */
async function unread(): Promise<{ response: ServerResponse; stream: Stream }> {
  const opened: ServerResponse[] = []
  const server = createServer((_request, response) => void opened.push(response)).listen(
    0,
    '127.0.0.1',
  )
  closing.push(async () => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  closing.push(async () => socket.destroy())
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(server, 'request')
  const [response] = opened
  if (response === undefined) throw new Error('No request came')
  return { response, stream: new Stream(response) }
}

/** The cookies of somebody who has logged in, and the token of their forms. */
async function logIn(url: string): Promise<{ text: string; csrf: string }> {
  const page = await fetch(`${url}/login`, { headers: { accept: 'text/html' } })
  const csrf = /name="_csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? ''
  const before = cookiesOf(page)
  const answer = await send(`${url}/login`, { _csrf: csrf, token: apiToken }, before)
  expect(answer.status).toBe(303)
  return { text: `${before}; ${cookiesOf(answer)}`, csrf }
}

function cookiesOf(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}

function send(url: string, fields: Record<string, string>, cookie: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { cookie, 'sec-fetch-site': 'same-origin', accept: 'text/html' },
    redirect: 'manual',
  })
}
