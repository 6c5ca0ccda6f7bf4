/**
 * Marks SQL for a connection that Kysely does not manage, so that it does not count as a sentence for
 * people.
 */
export function sqlText(parts: TemplateStringsArray): string {
  return parts.join('')
}
