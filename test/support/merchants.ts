import { createPrivateKey, createPublicKey } from 'node:crypto'
import {
  generateMerchant,
  type Merchant,
  merchantOptions,
  type Simulator,
  startSimulator,
} from 'budan-simulator'
import type { ConfigInput, MerchantInput } from '../../src/config/complete.ts'
import type { RechargeConfig } from '../../src/config/config.ts'
import type { Event } from '../../src/domain/event.ts'
import { type Budan, openService } from '../../src/service.ts'
import type { Store } from '../../src/store/store.ts'
import { openLetterbox } from './letterbox.ts'

/** One of several merchants of a service, each with a gateway of its own. */
export interface Member {
  readonly name: string
  readonly merchant: Merchant
  readonly simulator: Simulator
}

export interface Company {
  readonly budan: Budan
  readonly store: Store
  readonly events: readonly Event[]
  readonly members: readonly Member[]
  member(name: string): Member
  /** Puts an order at the merchant's gateway, and adopts it. */
  adopt(name: string, orderNo: string, options?: { createdAt?: Date }): Promise<void>
  /** A callback for the order's payment, sent now. */
  callback(
    name: string,
    orderNo: string,
  ): ReturnType<Awaited<ReturnType<typeof openLetterbox>>['next']>
  close(): Promise<void>
}

const recharge: Partial<RechargeConfig> = {
  compensationThresholdMins: 0,
  compensationMaxQps: 10_000,
}

/** A service with a merchant for each name; `change` is what its configuration has wrong. */
export async function openCompany(
  names: readonly string[],
  options: {
    readonly store: Store
    readonly recharge?: Partial<RechargeConfig>
    readonly change?: Readonly<Record<string, Partial<MerchantInput>>>
    /** All merchants have the keys of the first, and a number of their own. */
    readonly sharedKeys?: boolean
  },
): Promise<Company> {
  const shared = options.sharedKeys ? await generateMerchant() : null
  const members = await Promise.all(names.map((name) => openMember(name, shared)))
  const events: Event[] = []
  const letterbox = await openLetterbox()
  const config: ConfigInput = {
    recharge: { ...recharge, ...options.recharge },
    merchants: members.map((member) => ({
      ...merchantInput(member),
      ...options.change?.[member.name],
    })),
    log: { level: 'silent' },
  }
  const { store } = options
  const budan = await openService(config, { store, onEvent: (event) => events.push(event) })
  const member = (name: string): Member => {
    const found = members.find((each) => each.name === name)
    if (found === undefined) throw new Error(`No merchant "${name}"`)
    return found
  }
  return {
    ...{ budan, store, events, members, member },
    adopt: async (name, orderNo, { createdAt = new Date(Date.now() - 60_000) } = {}) => {
      const { control } = member(name).simulator
      control.putOrder({
        out_trade_no: orderNo,
        total: 100,
        notify_url: letterbox.urlFor(`${name}/${orderNo}`),
      })
      const facts = { orderNo, userId: `of ${name}`, amount: 100n, createdAt }
      const adoption = await budan.adoptOrder({ ...facts, merchant: name })
      if (adoption.kind !== 'adopted') throw new Error(`Not adopted: ${adoption.kind}`)
    },
    callback: async (name, orderNo) => {
      const next = letterbox.next({ kind: 'payment', orderNo: `${name}/${orderNo}` })
      await member(name).simulator.control.redeliver(orderNo)
      return next
    },
    close: async () => {
      await budan.close()
      await Promise.all(members.map(({ simulator }) => simulator.stop()))
      await letterbox.close()
    },
  }
}

async function openMember(name: string, keys: Merchant | null): Promise<Member> {
  const merchant = keys === null ? await generateMerchant() : { ...keys, mchid: numberFor(name) }
  const options = { ...merchantOptions(merchant), signing: 'public_key', seed: name } as const
  return { name, merchant, simulator: await startSimulator(options) }
}

function numberFor(name: string): string {
  const digits = [...name].map((letter) => letter.charCodeAt(0) % 10).join('')
  return `19${digits.padStart(8, '0').slice(-8)}`
}

function merchantInput({ name, merchant, simulator }: Member): MerchantInput {
  const { wechatpay } = merchant
  return {
    name,
    baseUrl: simulator.url,
    mchId: merchant.mchid,
    appId: merchant.appid,
    serialNo: merchant.serialNo,
    privateKey: createPrivateKey(merchant.privateKeyPem),
    apiV3Key: Buffer.from(merchant.apiV3Key),
    notifyUrl: `http://127.0.0.1:9/v1/callbacks/wechatpay/${name}`,
    publicKey: { id: wechatpay.publicKeyId, key: createPublicKey(wechatpay.publicKeyPem) },
  }
}
