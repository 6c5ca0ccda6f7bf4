export { retrySeconds } from './callbacks/delivery.ts'
export type { NoticeInput } from './callbacks/notice.ts'
export { SimulatorClock } from './clock.ts'
export type { Control } from './control/control.ts'
export type { RuleInput } from './faults/rules.ts'
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
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts'
export type { Signing } from './switches.ts'
