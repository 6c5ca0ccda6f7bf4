import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import pg from 'pg'

const { WEBHOOK_SECRET, DATABASE_URL, PORT } = process.env
const key = Buffer.from(WEBHOOK_SECRET.replace('whsec_', ''), 'base64')
const database = new pg.Pool({ connectionString: DATABASE_URL })

function isGenuine(headers, body) {
  const [id, time] = [headers['webhook-id'], headers['webhook-timestamp']]
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= 300)) return false
  const wanted = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest()
  return (headers['webhook-signature'] ?? '').split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64')
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
}

// One statement is one transaction. The unique key makes the second of two a row less.
const credit = `with paid as (
    insert into credits (order_no, user_id, amount) values ($1, $2, $3)
    on conflict (order_no) do nothing returning user_id, amount)
  insert into accounts (user_id, balance) select user_id, amount from paid
  on conflict (user_id) do update set balance = accounts.balance + excluded.balance`

createServer(async (request, response) => {
  try {
    const body = Buffer.concat(await request.toArray())
    if (!isGenuine(request.headers, body)) return response.writeHead(401).end()
    const { type, data } = JSON.parse(body)
    if (type === 'order.paid')
      await database.query(credit, [data.order_no, data.user_id, data.amount])
    response.writeHead(204).end()
  } catch {
    response.writeHead(500).end() // budan sends it again
  }
}).listen(PORT, '127.0.0.1')
