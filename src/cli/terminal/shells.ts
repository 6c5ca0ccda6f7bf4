export type Shell = (typeof shells)[number]

export const shells = ['bash', 'zsh', 'fish'] as const

/** A word of a command to paste into a shell, quoted if necessary. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,~-]+$/.test(text) ? text : shellQuoted(text)
}

export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
