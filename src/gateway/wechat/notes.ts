/** Called with one line for people about each part of a gateway's message that was cut or dropped. */
export type Note = (text: string) => void

export function ignore(): void {}
