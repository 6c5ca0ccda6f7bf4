/**
 * The backend of a merchant: it takes webhooks, and writes a line for each order that it credits before it
 * answers. Killed at any moment, it goes on from its lines. Arguments: the file, the port, the secret.
 */
import {
  appendFileSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

const [file, port, secret] = process.argv.slice(2)
const webhook = new Webhook(secret)
const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
// A line that a kill cut off was not answered.
if (before !== '' && !before.endsWith('\n')) appendFileSync(file, '\n')
const lines = openSync(file, 'a')
const credited = new Set(before.split('\n').flatMap(orderNoIn))

function orderNoIn(line) {
  try {
    return [JSON.parse(line).order_no]
  } catch {
    return []
  }
}

function credit({ order_no, user_id, amount, transaction_id }) {
  if (credited.has(order_no)) return
  writeSync(lines, `${JSON.stringify({ order_no, user_id, amount, transaction_id })}\n`)
  fdatasyncSync(lines)
  credited.add(order_no)
}

createServer(async (request, response) => {
  const body = await text(request)
  try {
    webhook.verify(body, request.headers)
  } catch {
    response.writeHead(401).end()
    return
  }
  const { type, data } = JSON.parse(body)
  if (type === 'order.paid') credit(data)
  response.writeHead(204).end()
}).listen(Number(port), '127.0.0.1')
