import { userInfo } from 'node:os'
import type { Actor } from '../domain/order.ts'

/** Whoever runs the command; the address is this machine. */
export function localActor(): Actor {
  return { name: localName(), address: null }
}

/** Of a user without an entry in the system's list, as in some containers, only the number is known. */
function localName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
