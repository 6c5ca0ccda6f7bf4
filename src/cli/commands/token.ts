import { createHash, randomInt } from 'node:crypto'
import { ConfigError } from '../../config/fault.ts'
import { tokensSchema } from '../../config/tokens/token-schema.ts'
import { roles, scopes } from '../../domain/scope.ts'
import type { Command } from '../context.ts'

/** 40 of 62 characters have 238 bits. */
const length = 40
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * Makes a token, and prints it this once with its line for `server.tokens`. Writes nothing, and needs no
 * configuration.
 */
export const newToken: Command = async ({ output }, { options }) => {
  const token = `bdn_${randomText()}`
  const line = lineOf(String(options.name ?? ''), options)
  const sha256 = createHash('sha256').update(token).digest('hex')
  checkLine({ ...line, sha256 })
  if (output.asJson) {
    output.json({ token, ...line, sha256 })
    return 0
  }
  output.line('The token, which is shown only now:')
  output.line(`  ${token}`)
  output.line('Its line for server.tokens in the configuration:')
  output.line(`  - ${flowMapping({ ...line, sha256 })}`)
  return 0
}

interface Line {
  readonly name: string
  readonly role?: string
  readonly scopes?: readonly string[]
  readonly expires_at?: string
}

function lineOf(name: string, options: Readonly<Record<string, unknown>>): Line {
  const { role, scopes: given, expires } = options
  if ((role === undefined) === (given === undefined)) {
    const all = `--role ${roles.join('|')}, or --scopes ${scopes.join(',')}`
    throw new ConfigError([`--role: give either a role or scopes: ${all}`])
  }
  return {
    name: name.trim(),
    ...(role !== undefined && { role: String(role) }),
    ...(given !== undefined && {
      scopes: String(given)
        .split(/[\s,]+/)
        .filter(Boolean),
    }),
    ...(expires !== undefined && { expires_at: String(expires) }),
  }
}

/** As the configuration will check it. Its faults name the option. */
function checkLine(line: Line & { readonly sha256: string }): void {
  const checked = tokensSchema.safeParse([line])
  if (checked.success) return
  const optionOf: Readonly<Record<string, string>> = { expires_at: 'expires' }
  throw new ConfigError(
    checked.error.issues.map(({ path: [, key = 'name'], message }) => {
      return `--${optionOf[String(key)] ?? String(key)}: ${message}`
    }),
  )
}

function randomText(): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** JSON's quotes are YAML's too. */
function flowMapping(line: object): string {
  const parts = Object.entries(line).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  return `{ ${parts.join(', ')} }`
}
