export type Shell = (typeof shells)[number]

/** Shells that can be told what to complete. */
export const shells = ['bash', 'zsh', 'fish'] as const
