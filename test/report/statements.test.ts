import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDirectory, runInProcess } from '../cli/budan.ts'
import { withoutMariadb } from '../support/mariadb.ts'
import { configure, fill, type GatewayProcess, openShop, placeAll, startGateway } from './shop.ts'

/** More than a page. */
const count = 560
const document = join(import.meta.dirname, '../../docs/report.md')

/** Values are left out, so that the same statement is listed once. */
function shapeOf(statement: string): string {
  return statement
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/'(?:[^'\\]|\\.|'')*'/g, '?')
    .replaceAll(/(?<![\w`])\d+(?:\.\d+)?(?![\w`])/g, '?')
    .replaceAll(/\(\?(?:, ?\?)+\)/g, '(?, …)')
    .trim()
}

/** The statements of the document, each of which ends with a semicolon. */
function documented(): readonly string[] {
  const [, block = ''] = /```sql\n-- MariaDB\n(.*?)```/s.exec(readFileSync(document, 'utf8')) ?? []
  return block
    .split(';\n')
    .map((statement) => statement.replaceAll(/\s+/g, ' ').trim())
    .filter((statement) => statement !== '')
}

describe.skipIf(withoutMariadb())('budan report, on the database of a shop', () => {
  const directory = openDirectory()
  let gateway: GatewayProcess

  beforeAll(async () => {
    gateway = await startGateway(directory.path)
    await placeAll(gateway, { count, paid: [1, 2] })
  })

  afterAll(async () => {
    await gateway.stop()
    directory.remove()
  })

  it('runs the statements that docs/report.md lists, and no other', async () => {
    const shop = await openShop('MariaDB')
    await fill(shop, count)
    const config = configure(directory.path, shop)
    const root = await createConnection(shop.adminUrl)
    await root.query("set global log_output = 'TABLE'")
    await root.query('set global general_log = 1')
    const env = { RECHARGE_COMPENSATION_MAX_QPS: '3000' }
    const { code } = await runInProcess(['report', '--json', '--config', config], env)
    await root.query('set global general_log = 0')
    const [rows] = await root.query(
      `select command_type as type, argument as text from mysql.general_log
        where user_host like 'budan%' and command_type in ('Query', 'Execute') order by event_time`,
    )
    await root.end()
    await shop.close()
    expect(code).toBe(3)
    const shapes = (rows as { text: Buffer | string }[]).map(({ text }) => shapeOf(String(text)))
    expect([...new Set(shapes)].sort(), 'copy them into docs/report.md').toEqual(
      [...documented()].sort(),
    )
  })
})
