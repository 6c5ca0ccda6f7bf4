import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { TooLate, unansweredAttempt } from './attempt.ts'
import { guardedLookup, hostFault } from './guarded-lookup.ts'
import { senderLimits } from './sender.ts'

/**
 * Connects to an endpoint as a delivery does, but with HEAD and without a body: no event is sent. What
 * it answers is no matter: an endpoint for POST may refuse this. The fault in words; null: it answers.
 */
export async function reachFault(
  address: string,
  { wholeMs }: { readonly wholeMs: number } = senderLimits,
): Promise<string | null> {
  const url = new URL(address)
  const isPlain = url.protocol === 'http:'
  try {
    const forbidden = hostFault(url.hostname, { isPlain })
    if (forbidden !== null) throw forbidden
    await new Promise<void>((resolve, reject) => {
      const request = (isPlain ? plain : secure)(url, {
        ...{ method: 'HEAD', agent: false, lookup: guardedLookup({ isPlain }) },
        headers: { 'user-agent': 'budan' },
      })
      const late = () => request.destroy(new TooLate(`it gave no answer in ${wholeMs} ms`))
      const timer = setTimeout(late, wholeMs)
      request.on('error', reject)
      request.once('close', () => {
        clearTimeout(timer)
        reject(new TooLate('it closed the connection'))
      })
      request.once('response', (response) => {
        response.on('error', () => {}).destroy()
        resolve()
      })
      request.end()
    })
    return null
  } catch (error) {
    return unansweredAttempt(error, 0).error
  }
}
