import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { orderStatuses } from '../../domain/order-states.ts'
import { exceptionKinds } from '../../domain/review/exception.ts'
import { type ReviewAction, reviewActions } from '../../domain/review/review-action.ts'
import { roles } from '../../domain/scope.ts'
import { deliveryStates } from '../../domain/webhooks/delivery.ts'
import { packageRoot } from '../../package-root.ts'
import { wordsFault, wordsMax } from '../../text/operator-text.ts'
import type { CommonOptions, Command as Work } from '../context.ts'
import type { ConcealedTerminal } from '../terminal/concealed.ts'
import { plainLines } from '../terminal/plain.ts'
import { shells } from '../terminal/shells.ts'
import type { ExitCode } from '../terminal/terminal.ts'
import { cursorOption, limitOption, numberIn, numberOption, typesOption } from './options.ts'

type Ended = (code: ExitCode) => void

/**
 * The commands and their options. The modules of a command are loaded when it runs, so that `--help`
 * and usage errors appear at once.
 */
export function createProgram(terminal: ConcealedTerminal, ended: Ended): Command {
  const version = packageVersion()
  const program = new Command('budan')
    .description(
      'Every paid order is credited, exactly once, even when the payment callback was lost.',
    )
    .version(version)
    .option('--config <file>', 'configuration file (default: ./budan.yaml where there is one)')
    .option('--json', 'results as JSON, in the shapes of the HTTP API')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: terminal.out,
      writeErr: (text) => terminal.err(plainLines(text)),
    })
    .showHelpAfterError('(see --help)')
    .exitOverride()

  const start: Start =
    (load) =>
    async (...parameters: unknown[]) => {
      // Commander passes the arguments, then the options, then the command.
      const command = parameters.at(-1) as Command
      const { createContext } = await import('../context.ts')
      const options = command.optsWithGlobals<CommonOptions>()
      const context = createContext(terminal, { options, version })
      const work = await load()
      ended(await work(context, { options: { ...options }, args: command.args }))
    }
  addSetupCommands(program, start)
  addServiceCommands(program, start)
  addReadingCommands(program, start)
  addReconcileCommand(program, start)
  addReviewCommands(program, start)
  addExceptionCommands(program, start)
  addWebhookCommands(program, start)
  addAbandonCommand(program, start)
  addTrialCommands(program, start)
  addHelpCommand(program)
  return program
}

type Start = (load: () => Promise<Work>) => (...parameters: unknown[]) => Promise<void>

function addSetupCommands(program: Command, start: Start): void {
  program
    .command('init')
    .description('prompt for what is needed, check it, and write a commented budan.yaml')
    .option('--mch-id <number>', 'the merchant number')
    .option('--app-id <id>', 'an app that is bound to it')
    .option('--private-key <file>', 'apiclient_key.pem of the merchant')
    .option('--serial-no <serial>', "serial of the merchant's certificate, or its file")
    .option('--public-key-id <id>', "id of WeChat Pay's public key; without: certificates")
    .option('--public-key <file>', "WeChat Pay's public key")
    .option('--notify-url <url>', 'where WeChat Pay sends callbacks')
    .option('--database <url>', 'pglite:DIRECTORY or postgres://… (default: pglite:./data)')
    .option('--base-url <url>', 'of the gateway, such as that of a simulator')
    .option('--check', 'check afterwards whether the gateway takes the keys')
    .option('--force', 'overwrite a file that is there')
    .addHelpText('after', initHelp)
    .action(start(async () => (await import('../commands/init.ts')).init))
  program
    .command('token')
    .description('make a token for a person or a program, and its line for server.tokens')
    .addArgument(new Argument('<action>').choices(['new']))
    .requiredOption('--name <name>', 'whose token it is, such as wang.li')
    .addOption(new Option('--role <role>', 'of a person').choices(roles))
    .option('--scopes <list>', 'of a program, such as orders:read,orders:place')
    .option('--expires <time>', 'a date, like 2027-01-31, or a time of RFC 3339')
    .action(start(async () => (await import('../commands/token.ts')).newToken))
  program
    .command('alerts')
    .description('send a test message to each configured alert, and show what is answered')
    .addArgument(new Argument('<action>').choices(['test']))
    .option('--name <name>', 'only this one of the configured alerts')
    .action(start(async () => (await import('../commands/alerts.ts')).testAlerts))
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .action(
      start(async () => {
        const { completion } = await import('../commands/completion.ts')
        return completion(program)
      }),
    )
}

/** Secrets are not options, because other users of a machine can read the options of a process. */
const initHelp = `
On a terminal, init prompts for what is not given; elsewhere a missing value is an error. Values may
also come from the environment, by the names of the configuration (WECHAT_MCH_ID). The secrets,
WECHAT_API_V3_KEY and SERVER_API_TOKEN (default: a new one), come from there or are typed, and so
should a database url with a password.`

function addServiceCommands(program: Command, start: Start): void {
  program
    .command('serve')
    .description('serve the HTTP API and callbacks, and run the compensation job')
    .action(start(async () => (await import('../commands/serve.ts')).serve))
  program
    .command('run')
    .description('one run of the compensation job, then exit')
    .option('--dry-run', 'query the gateway and show what would happen; change nothing')
    .action(start(async () => (await import('../commands/run.ts')).run))
  program
    .command('drain')
    .description('runs, one after the other within the quota, until nothing is due')
    .action(start(async () => (await import('../commands/drain.ts')).drain))
  program
    .command('check')
    .description('query the gateway about one order now, and settle')
    .argument('<order_no>')
    .addOption(merchantOption())
    .action(start(async () => (await import('../commands/check.ts')).check))
  program
    .command('adopt')
    .description('take over orders that another system placed, from a CSV file; may be repeated')
    .argument('<file>', 'columns as in the HTTP API; the amount as amount_fen or amount_yuan')
    .action(start(async () => (await import('../commands/adopt.ts')).adopt))
  program
    .command('migrate')
    .description("bring the database's schema up to date")
    .option('--breaking', 'also the steps for which no process of the version before may run')
    .option('--grants <role>', 'a role of the database that gets the rights which serve needs')
    .action(start(async () => (await import('../commands/migrate.ts')).migrate))
}

function addReadingCommands(program: Command, start: Start): void {
  program
    .command('order')
    .description('one order and its timeline')
    .argument('<order_no>')
    .addOption(merchantOption())
    .action(start(async () => (await import('../commands/order.ts')).showOrder))
  program
    .command('orders')
    .description('orders, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(orderStatuses))
    .option('--user <user_id>', 'only this user’s')
    .addOption(merchantOfListOption())
    .addOption(limitOption())
    .addOption(cursorOption())
    .action(start(async () => (await import('../commands/lists.ts')).listOrders))
  program
    .command('events')
    .description('what budan publishes, oldest first, as GET /v1/events answers with it')
    .option('--after <cursor>', 'only what came behind it: next_cursor of the page before')
    .addOption(typesOption('only these, such as order.paid,order.expired'))
    .addOption(limitOption())
    .option('--follow', 'go on with each event as it comes, until Ctrl+C')
    .action(start(async () => (await import('../commands/events.ts')).events))
  program
    .command('audit')
    .description('count what breaks an invariant; exit 1 unless all is 0')
    .option('--verify', "verify every credit against the gateway's signature and the seals, too")
    .addOption(
      new Option(
        '--seal-old',
        'instead seal what nodes of a version before proofs have left, as it is',
      ).conflicts('verify'),
    )
    .option('--yes', 'carry it out without confirmation')
    .action(start(async () => (await import('../commands/audit.ts')).audit))
  program
    .command('report')
    .description("list what was paid and not credited in the shop's own tables; change nothing")
    .option('--source <name>', 'only this one of the configured sources')
    .option('--merchant <name>', 'whose orders these are, where several merchants are configured')
    .addOption(
      new Option(
        '--days <count>',
        'how old a row may be (default: as configured, or 16)',
      ).argParser(numberIn({ min: 1, max: 366, whole: true })),
    )
    .option('--csv <file>', 'write the list to a file for spreadsheets, too')
    .option('--resume <file>', 'keep there how far it has come, and go on from there')
    .action(start(async () => (await import('../commands/report.ts')).report))
  program
    .command('sources')
    .description("show how the shop's own tables are understood, and what reading them costs")
    .option('--source <name>', 'only this one of the configured sources')
    .option('--sql', 'print the table that crediting there will need, with the rights as comments')
    .action(start(async () => (await import('../commands/sources.ts')).showSources))
  program
    .command('doctor')
    .description('say what is wrong with configuration, keys, clock, gateway and database')
    .action(start(async () => (await import('../commands/doctor.ts')).doctor))
}

function addReconcileCommand(program: Command, start: Start): void {
  program
    .command('reconcile')
    .description('compare downloaded bills with an export of your orders: what was not credited?')
    .requiredOption('--bill <file...>', 'trade bills of the gateway, plain or gzip')
    .requiredOption('--orders <file>', 'CSV of your orders')
    .option('--map <file>', 'YAML with the names of its columns and the meaning of its statuses')
    .option('--csv <file>', 'write all findings to this file')
    .addHelpText('after', reconcileHelp)
    .action(start(async () => (await import('../commands/reconcile.ts')).reconcileFiles))
}

const reconcileHelp = `
Reads these files alone: no configuration, no key, no database, no network. Exit code 0: both agree on
all that could be judged; 3: they differ; 2: a file, a row or a bill's totals cannot be judged.`

function addReviewCommands(program: Command, start: Start): void {
  program
    .command('reviews')
    .description('orders that wait for a person, oldest first')
    .option('--dismissed', 'those that were dismissed, in the place of the queue')
    .addOption(merchantOfListOption())
    .addOption(limitOption())
    .addOption(cursorOption())
    .action(start(async () => (await import('../commands/lists.ts')).listReviews))
  program
    .command('review')
    .description('query the gateway, show what can be done with an order in review, or do it')
    .argument('<order_no>')
    .addOption(merchantOption())
    .addOption(actionOption('credit', 'if the gateway says that it was paid exactly as ordered'))
    .addOption(actionOption('expire', 'if its trade is closed, or can be closed now'))
    .addOption(actionOption('dismiss', 'out of the queue, only when its payer is owed nothing'))
    .addOption(wordsOption('name', 'who answers for it'))
    .addOption(wordsOption('reason', 'why, for the readers of the timeline'))
    .option('--yes', 'carry it out without confirmation')
    .action(start(async () => (await import('../commands/review.ts')).review))
}

function addExceptionCommands(program: Command, start: Start): void {
  program
    .command('exceptions')
    .description('where money and books differ, newest first; or close one that is looked after')
    .addArgument(new Argument('[action]').choices(['close']))
    .argument('[id]', 'of the exception to close')
    .addOption(new Option('--kind <kind>', 'only these').choices(exceptionKinds))
    .addOption(
      new Option('--state <state>', 'whether they are open')
        .choices(['open', 'closed', 'all'])
        .default('open'),
    )
    .option('--order <order_no>', 'only those of this number')
    .addOption(merchantOfListOption())
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(wordsOption('reason', 'with close: what was done about it'))
    .action(start(async () => (await import('../commands/exceptions.ts')).exceptions))
}

function addWebhookCommands(program: Command, start: Start): void {
  program
    .command('webhooks')
    .description('endpoints that events are sent to: list them, test one, or send a span again')
    .addArgument(new Argument('[action]').choices(['list', 'test', 'replay']))
    .argument('[name]', 'of the endpoint')
    .option('--since <time>', 'replay: events from then on; a date, or a time of RFC 3339')
    .addOption(typesOption('replay: only these, such as order.paid,order.refunded'))
    .action(start(async () => (await import('../commands/webhooks.ts')).webhooks))
  program
    .command('deliveries')
    .description('deliveries of events to endpoints, newest first, or send one again')
    .addArgument(new Argument('[action]').choices(['list', 'replay']))
    .argument('[id]', 'of the delivery, such as dlv_42')
    .option('--endpoint <name>', 'only of this endpoint')
    .addOption(new Option('--state <state>', 'only these').choices(deliveryStates))
    .option('--order-no <order_no>', 'only of events about this order')
    .addOption(limitOption())
    .addOption(cursorOption())
    .action(start(async () => (await import('../commands/webhooks.ts')).deliveries))
}

function addAbandonCommand(program: Command, start: Start): void {
  program
    .command('abandon')
    .description('give up an order that the gateway never accepted')
    .argument('<order_no>')
    .addOption(merchantOption())
    .addOption(wordsOption('reason', 'why, for the readers of the timeline').makeOptionMandatory())
    .action(start(async () => (await import('../commands/abandon.ts')).abandon))
}

function actionOption(action: ReviewAction, description: string): Option {
  const others = reviewActions.filter((other) => other !== action)
  return new Option(`--${action}`, description).conflicts(others)
}

function wordsOption(key: keyof typeof wordsMax, description: string): Option {
  return new Option(`--${key} <${key}>`, description).argParser((value) => {
    const wrong = wordsFault(value, wordsMax[key])
    if (wrong !== null) throw new InvalidArgumentError(`It ${wrong}.`)
    return value
  })
}

function addTrialCommands(program: Command, start: Start): void {
  program
    .command('simulator')
    .description('a WeChat Pay of your own to try budan against, with made-up money')
    .addOption(numberOption('--port <port>', { min: 0, max: 65_535, whole: true }).default(9090))
    .option('--host <host>', 'loopback address to listen on', '127.0.0.1')
    .option('--dir <directory>', 'where its merchant and keys are kept', './budan-simulator')
    // Minimum: real time. Maximum: it turns 5 minutes into 60 ms, the shortest interval of runs.
    .addOption(numberOption('--time-scale <factor>', { min: 1, max: 5000 }).default(1))
    .option('--second-host', 'a second address of the same gateway, to try failing over to')
    .option('--seed <text>', 'equal seeds make equal chances')
    .addOption(
      new Option('--signing <kind>', 'what its answers are signed with')
        .choices(['public_key', 'certificate', 'mixed'])
        .default('public_key'),
    )
    .action(start(async () => (await import('../commands/simulator.ts')).simulate))
  program
    .command('demo')
    .description('simulator and budan together: orders with many outcomes, each ending as expected')
    .option('--serve', 'keep the service running afterwards')
    .addOption(numberOption('--port <port>', { min: 0, max: 65_535, whole: true }).default(0))
    .action(start(async () => (await import('../commands/demo.ts')).demo))
}

/** Commander's own help command reports no error for an unknown command. */
function addHelpCommand(program: Command): void {
  const names = program.commands.map((command) => command.name())
  program
    .helpCommand(false)
    .command('help')
    .description('display help for command')
    .addArgument(new Argument('[command]').choices(names))
    .action((name?: string) => {
      const named = program.commands.find((command) => command.name() === name)
      ;(named ?? program).help()
    })
}

function merchantOption(): Option {
  return new Option('--merchant <name>', 'whose order, where several merchants have its number')
}

function merchantOfListOption(): Option {
  return new Option('--merchant <name>', 'only this merchant’s')
}

function packageVersion(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
