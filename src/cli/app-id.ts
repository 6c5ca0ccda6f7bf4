/**
 * Whether a text looks like an app id that WeChat gives out: of an account or app (`wx`), or of a
 * company (`ww`). The configuration takes others too, for simulators; a person is asked again.
 */
export function isAppId(text: string): boolean {
  return /^w[wx][0-9a-f]{16}$/.test(text)
}
