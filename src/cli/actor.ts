import { userInfo } from 'node:os'
import { ConfigError } from '../config/fault.ts'
import type { Actor } from '../domain/order.ts'
import { wordsFault, wordsMax } from '../text/operator-text.ts'
import type { CommandInput } from './context.ts'

/** The operator is the user who runs the command, on this machine. */
export function localActor(): Actor {
  return { name: localName(), address: null }
}

/** The operator's text from an option. Throws ConfigError when the text is not acceptable. */
export function wordsGiven({ options }: CommandInput, key: keyof typeof wordsMax): string {
  const text = String(options[key] ?? '')
  const fault = wordsFault(text, wordsMax[key])
  if (fault !== null) throw new ConfigError([`--${key}: ${fault}`])
  return text
}

/** A user without an entry in the system's list, as in some containers, has only a number. */
function localName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
