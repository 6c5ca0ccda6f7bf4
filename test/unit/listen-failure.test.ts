import { describe, expect, it } from 'vitest'
import { listenFailure, lookupFailure } from '../../src/servers/listen-failure.ts'

const keys = { port: 'server.port', host: 'server.host' }
const failed = (code: string) => Object.assign(new Error('listen failed'), { code })

describe('listenFailure()', () => {
  it.each([
    ['EADDRINUSE', 8080, 'end it, or give another server.port'],
    ['EACCES', 80, 'give a server.port from 1024 on'],
    ['EACCES', 8080, 'this machine keeps that port back: give another server.port'],
    ['EADDRNOTAVAIL', 8080, 'no such address: give another server.host'],
    ['EAFNOSUPPORT', 8080, 'give an address of IPv4 as server.host'],
    ['EINVAL', 8080, 'one network card alone: give another server.host'],
    ['EMFILE', 8080, 'allow more (ulimit -n)'],
  ])('of %s at port %i names the next step: %s', (code, port, step) => {
    const text = listenFailure(failed(code), { port, keys })
    expect(text.startsWith(`${code}, `)).toBe(true)
    expect(text.endsWith(step)).toBe(true)
  })

  it('repeats what it does not know', () => {
    expect(listenFailure(failed('EIO'), { port: 1, keys })).toBe('EIO')
    expect(listenFailure('gone', { port: 1, keys })).toBe('gone')
  })
})

describe('lookupFailure()', () => {
  it('distinguishes a name that nobody has from DNS servers that do not answer', () => {
    expect(lookupFailure(failed('ENOTFOUND'))).toBe('no such host')
    expect(lookupFailure(new Error('no code'))).toBe('no such host')
    expect(lookupFailure(failed('EAI_AGAIN'))).toContain('no DNS server answers')
  })
})
