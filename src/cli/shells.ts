export type Shell = (typeof shells)[number]

/** Shells that can be told what to complete. */
export const shells = ['bash', 'zsh', 'fish'] as const

/** A word of a command to be pasted into a shell: quoted where it has to be. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,~-]+$/.test(text) ? text : shellQuoted(text)
}

export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
