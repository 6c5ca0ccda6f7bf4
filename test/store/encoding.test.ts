import { describe, expect, test } from 'vitest'
import { examineDatabase } from '../../src/cli/doctor/database.ts'
import { translate } from '../../src/i18n/translate.ts'
import { EncodingError } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/open.ts'
import { emptyPostgresUrl } from '../support/stores.ts'

describe('a PostgreSQL database that is not in UTF-8', () => {
  test.each(['EUC_CN', 'LATIN1', 'SQL_ASCII'])(
    'is refused when it is opened, for a payment’s words could not be stored in it: %s',
    async (encoding) => {
      const url = await emptyPostgresUrl({ encoding })
      const opening = openStore(url)
      await expect(opening).rejects.toThrow(EncodingError)
      const { host, pathname } = new URL(url)
      await expect(opening).rejects.toThrow(
        `Cannot use the database "postgres://${host}${pathname}": its encoding is ${encoding}, not UTF8. Take a new one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
      )
      const message = await opening.catch((error: Error) => error.message)
      expect(translate(String(message), 'zh')).toContain(`其编码为 ${encoding}，不是 UTF8`)
    },
  )

  test('is a fault to the doctor, with its own next step', async () => {
    const url = await emptyPostgresUrl({ encoding: 'EUC_CN' })
    expect((await examineDatabase(url)).findings).toEqual([
      {
        status: 'fail',
        name: 'database',
        detail: expect.stringContaining('its encoding is EUC_CN, not UTF8'),
        next: 'create such a database and put its url in database.url; operations.md says how to move',
      },
    ])
  })

  test('is distinguished from one in UTF-8, whatever its locale', async () => {
    const store = await openStore(await emptyPostgresUrl({ encoding: 'UTF8' }))
    expect(await store.migrate()).not.toEqual([])
    await store.close()
  })
})
