import { isExposed } from '../../config/exposed.ts'
import { secretFiles } from '../../config/load.ts'
import type { Emit } from '../../domain/event.ts'
import { openStore } from '../../store/open.ts'
import type { startWeb } from '../../web/server.ts'
import type { Command, CommandContext } from '../context.ts'
import { keepHeapSmall } from '../small-heap.ts'

/** Serves until SIGTERM or SIGINT. Ends after the credits in flight have ended. */
export const serve: Command = async (context) => {
  keepHeapSmall()
  const { output, version, terminal } = context
  const { config, report } = context.proving('serve')
  const { server, ...rest } = config
  // From here on a signal requests a stop, also while the database is still opening.
  const stopRequested = terminal.stopRequested()
  // Other threads compile the embedded database; meanwhile this thread loads the modules.
  const [store, { openService }, { startWeb }] = await Promise.all([
    openStore(rest.database.url, { proofKeys: rest.proof.keys }),
    import('../../service.ts'),
    import('../../web/server.ts'),
  ])
  const budan = await openService({ server, ...rest }, { store })
  report(budan.emit)
  const files = secretFiles({ file: context.file, env: terminal.env }).filter(isExposed)
  if (files.length > 0) budan.emit({ type: 'secrets_exposed', files })
  try {
    const web = await startWeb(budan, { server, version })
    budan.start()
    if (output.asJson) output.json({ url: web.url })
    else output.line(`budan is ready at ${web.url}`)
    const reloads = reloadTokens(context, { web, emit: budan.emit })
    await stopRequested
    reloads.end()
    await Promise.all([web.close(), budan.stop()])
  } finally {
    await budan.close()
  }
  return 0
}

interface Reloading {
  readonly web: Pick<Awaited<ReturnType<typeof startWeb>>, 'replaceTokens'>
  readonly emit: Emit
}

/**
 * On SIGHUP reads the configuration again, and takes its tokens. All else stays until a restart. With a
 * fault anywhere in the configuration the tokens stay as they were.
 */
function reloadTokens(context: CommandContext, { web, emit }: Reloading): { end(): void } {
  const reload = () => {
    try {
      const { server } = context.config('serve')
      web.replaceTokens(server)
      const names = (server.tokens ?? []).map(({ name }) => name)
      emit({ type: 'tokens_replaced', names })
    } catch (error) {
      emit({ type: 'tokens_kept', error })
    }
  }
  process.on('SIGHUP', reload)
  return { end: () => void process.off('SIGHUP', reload) }
}
