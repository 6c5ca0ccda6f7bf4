import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Command, Option } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fishScript } from '../../src/cli/completion/fish.ts'
import { completionsOf } from '../../src/cli/completion/spec.ts'
import { zshScript } from '../../src/cli/completion/zsh.ts'
import { createProgram } from '../../src/cli/program/program.ts'
import { concealed } from '../../src/cli/terminal/concealed.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
afterAll(() => directory.remove())

const program = createProgram(
  concealed({
    ...{ env: {}, isInteractive: false, hasColor: false, out: () => {}, err: () => {} },
    stopRequested: () => new Promise(() => {}),
  }),
  () => {},
)
const commands = program.commands.map((command) => command.name())
const globals = ['--version', '--config', '--json', '--help']

async function scriptOf(shell: string, env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(['completion', shell], env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

describe('budan completion bash', () => {
  let script: string

  beforeAll(async () => {
    script = join(directory.path, 'budan.bash')
    writeFileSync(script, await scriptOf('bash'))
    for (const name of ['shop.yaml', 'my shop.yaml', 'run']) {
      writeFileSync(join(directory.path, name), '')
    }
    mkdirSync(join(directory.path, 'keys'))
  })

  /** What a real bash offers for the last of these words. */
  async function offered(...words: string[]): Promise<string[]> {
    const completing = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _budan
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = await promisify(execFile)(
      'bash',
      ['-c', completing, script, ...words],
      {
        cwd: directory.path,
      },
    )
    expect(stderr).toBe('')
    return stdout.split('\n').filter(Boolean)
  }

  test('offers every command and what all of them take', async () => {
    expect(await offered('budan', '')).toEqual([...commands, ...globals])
    expect(await offered('budan', 'd')).toEqual(['drain', 'doctor', 'deliveries', 'demo'])
    expect(await offered('budan', 'order')).toEqual(['order', 'orders'])
  })

  test.each(commands)('offers every option of %s', async (name) => {
    const own = program.commands
      .find((command) => command.name() === name)
      ?.options.map((option) => option.long)
    expect(await offered('budan', name, '--')).toEqual([...(own ?? []), ...globals])
  })

  test('offers the words that an option or argument takes, also behind a =', async () => {
    const statuses = ['pending', 'paid', 'expired', 'review']
    expect(await offered('budan', 'orders', '--status', '')).toEqual(statuses)
    expect(await offered('budan', 'orders', '--status', 'pa')).toEqual(['paid'])
    expect(await offered('budan', 'orders', '--status', '=')).toEqual(statuses)
    expect(await offered('budan', 'orders', '--status', '=', 'p')).toEqual(['pending', 'paid'])
    expect(await offered('budan', 'completion', '')).toEqual(['bash', 'zsh', 'fish', ...globals])
    expect(await offered('budan', 'simulator', '--signing', 'm')).toEqual(['mixed'])
  })

  test('finds the command behind options that all take', async () => {
    expect(await offered('budan', '--json', 'run', '--d')).toEqual(['--dry-run'])
  })

  test('offers nothing of its own where a number or name belongs, or a file', async () => {
    expect(await offered('budan', 'orders', '--limit', '')).toEqual([])
    expect(await offered('budan', 'review', '--name', '')).toEqual([])
    expect(await offered('budan', 'init', '--private-key', '')).toEqual([])
  })

  test('leaves the offering of files to bash, behind the options that take one', async () => {
    // bash itself, line editing included: the file is named whole, its blank quoted.
    const typed = 'budan serve --config my\t\x01echo "\x05"\n'
    const { stdout } = await withInput(
      ['bash', '--norc', '--noprofile', '-i'],
      `source '${script}'\n${typed}exit\n`,
    )
    expect(stdout).toContain('budan serve --config my\\ shop.yaml')
  })

  function withInput([command = '', ...args]: string[], input: string) {
    const running = promisify(execFile)(command, args, {
      cwd: directory.path,
      env: { PATH: process.env.PATH ?? '', TERM: 'dumb', HOME: directory.path },
    })
    running.child.stdin?.end(input)
    return running
  }
})

/** Each line by itself: a quote that is not closed would take the next one in. */
function hasOpenQuote(line: string, escaped: string): boolean {
  return line.startsWith('#') ? false : line.replaceAll(escaped, '').split("'").length % 2 === 0
}

describe('budan completion zsh', () => {
  test('describes every command, and every option in its own', async () => {
    const script = await scriptOf('zsh')
    expect(script).toMatch(/^#compdef budan$/m)
    for (const command of program.commands) {
      expect(script).toContain(`'${command.name()}:`)
      const line = new RegExp(`^ +${command.name()}\\) _arguments \\$shared .*;;$`, 'm').exec(
        script,
      )
      for (const { long } of command.options) expect(line?.[0]).toContain(`'${long}[`)
    }
    for (const option of globals) expect(script).toContain(`'${option}[`)
    expect(script).toContain(':value:(pending paid expired review)')
    expect(script).toMatch(/'--private-key\[[^']*\]:file:_files'/)
    expect(script.split('\n').filter((line) => hasOpenQuote(line, "'\\''"))).toEqual([])
  })
})

describe('budan completion fish', () => {
  test('describes every command, and every option in its own', async () => {
    const script = await scriptOf('fish')
    for (const command of program.commands) {
      const name = command.name()
      expect(script).toContain(`-n __fish_use_subcommand -a ${name} -d '`)
      for (const { long } of command.options) {
        expect(script).toMatch(
          new RegExp(
            `^complete -c budan -n '__fish_seen_subcommand_from ${name}' -l ${long?.slice(2)} `,
            'm',
          ),
        )
      }
    }
    for (const option of globals)
      expect(script).toContain(`complete -c budan -l ${option.slice(2)} `)
    expect(script).toContain("-l status -x -a 'pending paid expired review'")
    expect(script).toMatch(/-l private-key -r -F /)
    const code = script.split('\n').filter((line) => !line.startsWith('#') && line !== '')
    expect(code.every((line) => line.startsWith('complete -c budan '))).toBe(true)
    expect(code.filter((line) => hasOpenQuote(line, "\\'"))).toEqual([])
  })
})

test('a description with quotes, brackets and backslashes stays text in zsh and fish', () => {
  const hostile = String.raw`it's [a] \ $(touch x)`
  const made = new Command('budan')
  made.command('try').description(hostile).addOption(new Option('--it <file>', hostile))
  const spec = completionsOf(made, (sentence) => sentence)
  expect(zshScript(spec)).toContain(String.raw`'--it[it'\''s \[a\] \\ $(touch x)]:file:_files'`)
  expect(fishScript(spec)).toContain(String.raw`-l it -r -F -d 'it\'s [a] \\ $(touch x)'`)
})

test('budan completion says how to load its script, in a comment', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = await scriptOf(shell)
    expect(script).toMatch(new RegExp(`^# In this shell: .*budan completion ${shell}`, 'm'))
    expect(script).toMatch(new RegExp(`^# In each new shell: budan completion ${shell} > `, 'm'))
  }
})

test('budan completion --json has the script as one value', async () => {
  const { code, stdout } = await runInProcess(['completion', 'fish', '--json'], {})
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ shell: 'fish', script: await scriptOf('fish') })
})

test('budan completion describes in the language of the environment', async () => {
  const script = await scriptOf('zsh', { LANG: 'zh_CN.UTF-8' })
  expect(script).toMatch(/'orders:[^a-z']+'/)
})

test.each([
  [[], /missing required argument 'shell'/],
  [['tcsh'], /'tcsh' is invalid.* Allowed choices are bash, zsh, fish/],
  [['bash', 'zsh'], /too many arguments/],
])('budan completion %j is wrong usage: 2', async (args, message) => {
  const { code, stdout, stderr } = await runInProcess(['completion', ...args], {})
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(message)
})
