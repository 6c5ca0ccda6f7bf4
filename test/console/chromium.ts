import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type LaunchOptions } from 'playwright-core'

/**
 * A real Chromium, out of npm packages alone: nothing is installed by hand or downloaded. It speaks
 * to loopback only; `close` it. `BUDAN_CHROMIUM` names another one, for processors that the package
 * has none for. Throws when it cannot be started.
 */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch(launchOptions())
}

/**
 * One for all test files of this process, started for the first that needs it: each test opens a
 * context of its own in it, and leaves the browser open.
 */
export function sharedChromium(): Promise<Browser> {
  shared.browser ??= connectToKept()
  return shared.browser
}

const shared: { browser?: Promise<Browser> } = {}

/** It ends with this process, however this process ends. */
async function connectToKept(): Promise<Browser> {
  const keeper = spawn(
    process.execPath,
    [join(import.meta.dirname, '../support/chromium-keeper.mjs'), JSON.stringify(keptOptions())],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const endpoint = await Promise.race([
    once(keeper.stdout, 'data').then(([line]) => String(line).trim()),
    once(keeper, 'exit').then(([code]) => {
      throw new Error(`Cannot start Chromium: its keeper ended with ${code}`)
    }),
  ])
  const browser = await chromium.connect(endpoint)
  browser.once('disconnected', () => delete shared.browser)
  return browser
}

/** The keeper alone decides when it ends. */
function keptOptions(): LaunchOptions & { host: string } {
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false }
  return { ...launchOptions(), ...signals, host: '127.0.0.1' }
}

function launchOptions(): LaunchOptions {
  const own = process.env.BUDAN_CHROMIUM
  const { executablePath, env } = own === undefined ? unpacked() : { executablePath: own, env: {} }
  return {
    executablePath,
    env: { ...process.env, ...env },
    // Root, as in most containers, has no sandbox to offer; it visits nothing but our own pages.
    chromiumSandbox: false,
    args: [
      '--font-render-hinting=none',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  }
}

interface Unpacked {
  readonly executablePath: string
  readonly env: Readonly<Record<string, string>>
}

/** Once for each version: to a folder of its own, so that files that start together do not meet. */
function unpacked(): Unpacked {
  const require = createRequire(import.meta.url)
  const packageFile = require.resolve('@sparticuz/chromium')
  const packageJson = readFileSync(join(packageFile, '../../../package.json'), 'utf8')
  const { version } = JSON.parse(packageJson) as { version: string }
  const home = join(tmpdir(), `budan-chromium-${version}-${process.getuid?.() ?? 'user'}`)
  if (!existsSync(home)) unpack(packageFile, home)
  return {
    executablePath: join(home, 'chromium'),
    env: {
      // NSS and expat, which a machine without a desktop may lack.
      LD_LIBRARY_PATH: join(home, 'al2023/lib'),
      FONTCONFIG_FILE: join(home, 'fonts.conf'),
    },
  }
}

/** The package unpacks into the temporary folder; its libraries only where it believes to be in a cloud. */
function unpack(packageFile: string, home: string): void {
  const unpacking = mkdtempSync(`${home}.`)
  const program = 'require(process.argv[1]).executablePath()'
  execFileSync(process.execPath, ['-e', program, packageFile], {
    env: { ...process.env, TMPDIR: unpacking, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' },
  })
  writeFileSync(join(unpacking, 'fonts.conf'), fontsConf(home))
  try {
    renameSync(unpacking, home)
  } catch {
    // Another test file was faster.
    rmSync(unpacking, { recursive: true, force: true })
  }
}

/** One font that is the same everywhere, and behind it whatever the machine has, Chinese ones first. */
function fontsConf(home: string): string {
  const families = ['Open Sans', 'Noto Sans CJK SC', 'WenQuanYi Micro Hei']
  const preferred = families.map((name) => `<string>${name}</string>`).join('')
  const matches = ['system-ui', 'sans-serif'].map(
    (name) => `
  <match>
    <test name="family"><string>${name}</string></test>
    <edit name="family" mode="prepend" binding="strong">${preferred}</edit>
  </match>`,
  )
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(home, 'fonts/fonts')}</dir>
  <cachedir>${join(home, 'fonts-cache')}</cachedir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>${matches.join('')}
</fontconfig>
`
}
