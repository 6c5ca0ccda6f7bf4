import { unansweredAttempt } from './attempt.ts'
import { Connection, senderLimits } from './connection.ts'

/**
 * Connects to an endpoint as a delivery does, but with HEAD and without a body: no event is sent. What
 * it answers is no matter: an endpoint for POST may refuse this. The fault in words; null: it answers.
 */
export async function reachFault(address: string, limits = senderLimits): Promise<string | null> {
  try {
    const connection = await Connection.open(new URL(address), limits)
    try {
      await connection.request({ method: 'HEAD', headers: { 'user-agent': 'budan' } })
    } finally {
      connection.close()
    }
    return null
  } catch (error) {
    return unansweredAttempt(error, 0).error
  }
}
