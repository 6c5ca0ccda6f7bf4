import { expect, test, vi } from 'vitest'
import { unlessAborted } from '../../src/deadline.ts'

test.each(['before', 'while'])(
  'unlessAborted() lets no failure of work go unhandled whose signal aborted %s it was waited for',
  async (when) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const controller = new AbortController()
    if (when === 'before') controller.abort()
    let fail = (_: Error) => {}
    const work = new Promise<string>((_, reject) => {
      fail = reject
    })
    const outcome = unlessAborted(work, controller.signal)
    controller.abort()
    expect(await outcome).toBe('aborted')
    fail(new Error('The client is destroyed'))
    // Node reports unhandled rejections after the microtasks.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  },
)
