import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { NetworkLink } from '../../proof/campaign/network-link.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function openLink() {
  const echo: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  closers.push(async () => echo.close())
  const address = echo.address()
  const target = { port: typeof address === 'object' ? (address?.port ?? 0) : 0 }
  const link = await NetworkLink.open(() => target.port)
  closers.push(() => link.close())
  return { link, target }
}

async function drive(link: NetworkLink): Promise<Socket> {
  const socket = connect(link.port, '127.0.0.1')
  socket.on('error', () => undefined)
  closers.push(async () => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function echoed(socket: Socket, word: string): Promise<string> {
  socket.write(word)
  const [bytes] = await once(socket, 'data')
  return String(bytes)
}

/** Resolves at the close, with or without an error before it. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

describe('NetworkLink', () => {
  it('carries bytes both ways', async () => {
    const { link } = await openLink()
    expect(await echoed(await drive(link), 'hello')).toBe('hello')
  })

  it('resets its connections and new ones while it is cut by reset', async () => {
    const { link } = await openLink()
    const before = await drive(link)
    await echoed(before, 'hello')
    const ended = closed(before)
    link.cut('reset')
    await ended
    const after = connect(link.port, '127.0.0.1')
    after.on('error', () => undefined)
    await closed(after)
    link.restore()
    expect(await echoed(await drive(link), 'again')).toBe('again')
  })

  it('passes nothing while it is silent, and drops the bytes in flight when it is restored', async () => {
    const { link } = await openLink()
    const before = await drive(link)
    await echoed(before, 'hello')
    link.cut('silence')
    let received = ''
    before.on('data', (bytes) => {
      received += String(bytes)
    })
    before.write('lost')
    const during = await drive(link)
    during.write('lost, too')
    const ended = [closed(before), closed(during)]
    link.restore()
    await Promise.all(ended)
    expect(received).toBe('')
    expect(await echoed(await drive(link), 'again')).toBe('again')
  })

  it('closes a connection whose target is dead', async () => {
    const { link, target } = await openLink()
    target.port = 1
    await closed(await drive(link))
  })
})
