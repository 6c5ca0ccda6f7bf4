import type { WebhookConfig } from '../../config/webhooks/webhook-config.ts'
import { reachFault } from '../../outbox/webhooks/reach.ts'
import { shownUrl } from '../../outbox/webhooks/webhook-desk.ts'
import { type Finding, ok, warn } from './finding.ts'

/**
 * Whether each endpoint can be reached from here. No event is sent. Never fails: credits do not depend on it,
 * and what is not delivered waits.
 */
export async function examineWebhooks(
  webhooks: readonly WebhookConfig[],
): Promise<readonly Finding[]> {
  return await Promise.all(webhooks.map(examineOne))
}

async function examineOne({ name, url }: WebhookConfig): Promise<Finding> {
  const check = `webhook ${name}`
  const fault = await reachFault(url)
  if (fault === null) return ok(check, `${shownUrl(url)} answers`)
  return warn(check, {
    detail: `${shownUrl(url)} cannot be reached: ${fault}`,
    next: `start it, or correct its url; then run \`budan webhooks test ${name}\``,
  })
}
