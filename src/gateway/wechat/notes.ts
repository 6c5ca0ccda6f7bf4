/** Hears what was cut or dropped of what the gateway said: one line for people. */
export type Note = (text: string) => void

export function ignore(): void {}
