/**
 * Whether a text has the form of WeChat's app ids: `wx` for an account or app, `ww` for a company. The
 * configuration also accepts other forms, for simulators; `init` does not accept them from a person.
 */
export function isAppId(text: string): boolean {
  return /^w[wx][0-9a-f]{16}$/.test(text)
}
