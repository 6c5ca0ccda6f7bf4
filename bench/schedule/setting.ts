import { configSchema } from '../../src/config/schema.ts'
import { type SchedulePolicy, schedulePolicy } from '../../src/domain/runs/schedule.ts'

/** The settings that decide how often an order is queried. */
export interface Setting {
  /** `compensation_interval_mins` */
  readonly intervalMins: number
  /** `compensation_recheck_mins` */
  readonly recheckMins: readonly number[]
}

const { recharge, wechat } = configSchema.parse({})

/** The defaults of the configuration. */
export const defaultSetting: Setting = {
  intervalMins: recharge.compensation_interval_mins,
  recheckMins: recharge.compensation_recheck_mins,
}

/** A policy with this setting and the defaults for everything else. */
export function policyOf({ intervalMins, recheckMins }: Setting): SchedulePolicy {
  const own = {
    compensationEnabled: recharge.compensation_enabled,
    compensationIntervalMins: intervalMins,
    compensationThresholdMins: recharge.compensation_threshold_mins,
    compensationBatchSize: recharge.compensation_batch_size,
    compensationConcurrency: recharge.compensation_concurrency,
    compensationRecheckMins: recheckMins,
    compensationDrain: recharge.compensation_drain,
    compensationMaxQps: recharge.compensation_max_qps,
    orderTtlMins: recharge.order_ttl_mins,
  }
  return schedulePolicy(own, wechat.timeout_ms)
}

export const defaultPolicy = policyOf(defaultSetting)
