import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openPglite } from '../src/store/embedded/pglite.ts'
import { openDatabase } from '../src/store/open.ts'
import { pgliteImage } from '../test/support/image.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { freshPostgresUrl, makePostgresTemplate } from '../test/support/stores.ts'
import type { Closing } from './closing.ts'
import { startInstantGateway } from './gateway/start.ts'
import type { Stage, StoreKind } from './part.ts'
import { openWorkplace } from './program.ts'

type Setting = Pick<Stage, 'size' | 'repetitions' | 'stores' | 'closing'>

/** Opens a stage on a PostgreSQL server of its own. */
export async function openStage(setting: Setting): Promise<Stage> {
  const server = setting.closing.add(await startPostgres(), (started) => started.stop())
  await makePostgresTemplate(server.url)
  return stageOn(setting)
}

/** A stage on a server whose template database already exists. */
export function stageOn(setting: Setting): Stage {
  const { closing } = setting
  let gateway: ReturnType<typeof startInstantGateway> | null = null
  return {
    ...setting,
    async gateway() {
      gateway ??= startInstantGateway().then((started) => closing.add(started, (one) => one.stop()))
      return gateway
    },
    freshDatabase: (kind) => freshDatabase(kind, closing),
    freshPostgresUrl,
  }
}

async function freshDatabase(kind: StoreKind, closing: Closing) {
  if (kind === 'postgres') {
    return closing.add(await openDatabase(await freshPostgresUrl()), ({ close }) => close())
  }
  const workplace = closing.add(await openWorkplace(), ({ remove }) => remove())
  const image = new Blob([await readFile(await pgliteImage())])
  const directory = join(workplace.path, 'data')
  return closing.add(await openPglite({ directory, image }), ({ close }) => close())
}
