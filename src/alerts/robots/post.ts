import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { RobotAnswer, RobotRequest } from './robot.ts'

/** From the first packet to the last; the robots answer within tenths of a second. */
const timeoutMs = 10_000

/** Answers have some hundred bytes. Of a longer one, such as a page, this is enough to read no code in it. */
const answerBytesMax = 64 * 1024

/**
 * Sends one request on a connection of its own: the next one is minutes away. Once, without redirects and
 * without a proxy; the signal ends it in any state. Throws an `Error` whose message says what went wrong,
 * and nothing of the url.
 */
export async function post(request: RobotRequest, signal: AbortSignal): Promise<RobotAnswer> {
  const late = AbortSignal.timeout(timeoutMs)
  const ended = AbortSignal.any([signal, late])
  try {
    const answer = await answerTo(request, ended)
    return { status: answer.statusCode ?? 0, body: await beginningOf(answer) }
  } catch (error) {
    throw new Error(late.aborted ? `no answer within ${timeoutMs / 1000} s` : causeOf(error))
  }
}

function answerTo(
  { url, method, headers, body }: RobotRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const address = new URL(url)
  const request = address.protocol === 'http:' ? httpRequest : httpsRequest
  const bytes = Buffer.from(body)
  const length = method === 'POST' ? { 'content-length': bytes.length } : {}
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...headers, ...length }, signal, agent: false }
    request(address, options, resolve).on('error', reject).end(bytes)
  })
}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part)
    length += part.length
    // Leaving the loop ends the connection.
    if (length > answerBytesMax) break
  }
  return Buffer.concat(parts).toString()
}

/** The code of a system's error; its message may quote what was sent. */
function causeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : 'the connection broke'
}
