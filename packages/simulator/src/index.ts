export { SimulatorClock } from './clock.ts'
export type { Control } from './control.ts'
export { retrySeconds } from './delivery.ts'
export {
  generateMerchant,
  type Merchant,
  MerchantFileError,
  merchantFiles,
  merchantOptions,
  openMerchant,
  readMerchant,
  writeMerchant,
} from './merchant.ts'
export type { NoticeInput } from './notice.ts'
export type { RuleInput } from './rules.ts'
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts'
export type { Signing } from './switches.ts'
