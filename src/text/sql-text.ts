/** SQL for a connection that Kysely does not know. Marked, as all SQL is: nobody reads it as a sentence. */
export function sqlText(parts: TemplateStringsArray): string {
  return parts.join('')
}
