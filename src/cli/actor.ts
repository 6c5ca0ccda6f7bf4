import { userInfo } from 'node:os'
import { ConfigError } from '../config/fault.ts'
import type { Actor } from '../domain/order.ts'
import { wordsFault, wordsMax } from '../text/operator-text.ts'
import type { CommandInput } from './program.ts'

/** Whoever runs the command; the address is this machine. */
export function localActor(): Actor {
  return { name: localName(), address: null }
}

/** Words of a person, by the option that they were given with. */
export function wordsGiven({ options }: CommandInput, key: keyof typeof wordsMax): string {
  const text = String(options[key] ?? '')
  const fault = wordsFault(text, wordsMax[key])
  if (fault !== null) throw new ConfigError([`--${key}: ${fault}`])
  return text
}

/** Of a user without an entry in the system's list, as in some containers, only the number is known. */
function localName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
