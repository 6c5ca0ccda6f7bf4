import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { WechatConfig } from '../../../src/config/config.ts'
import { readCertificates } from '../../../src/gateway/wechat/keys/certificates.ts'
import { fetchCertificates } from '../../../src/gateway/wechat/keys/fetch-certificates.ts'
import type { HeaderSet } from '../callback/signed-callback.ts'
import { tampered } from '../callback/tamper.ts'
import type { Chance } from '../chance.ts'
import { hostileJson, type Members, objectText, spoiled } from '../hostile.ts'
import {
  configFor,
  encrypted,
  headersOf,
  type Keys,
  present,
  presentSecs,
  type Signer,
  signatureOf,
} from '../keys.ts'
import { mutated } from '../mutate.ts'
import {
  expectNoCrash,
  Finding,
  type InputResult,
  type OpenTarget,
  type Target,
} from '../target.ts'

/** A response with a list of platform certificates. */
interface Listing {
  readonly status: number
  readonly headers: HeaderSet
  readonly body: Buffer
}

/** Lists of platform certificates. They verify all answers, so they must be verified themselves. */
export function certificatesTarget({
  fetch = fetchCertificates,
}: {
  fetch?: typeof fetchCertificates
} = {}): Target {
  return {
    name: 'certificates',
    weight: 3,
    async open({ keys }): Promise<OpenTarget> {
      const [merchant] = configFor(keys).merchants
      if (merchant === undefined) throw new Error('No merchant to list certificates for')
      const config: WechatConfig = { ...merchant, publicKey: null }
      const lists = new Listings(keys)
      return {
        async feed(chance) {
          const { listing, genuine } = lists.next(chance)
          const input = { ...listing, body: listing.body.toString('base64') }
          const wire = {
            send: async () => ({ kind: 'reply' as const, ...listing }),
            stop: async () => {},
          }
          const clock = () => present
          const fetched = await expectNoCrash(input, () => fetch(wire, { config, clock }))
          await expectNoCrash(input, () => readCertificates(listing.body, keys.apiV3Key))
          if (fetched.kind === 'opened' && !genuine) {
            throw new Finding('wrong answer', 'accepted a list that was tampered with', input)
          }
          if (fetched.kind !== 'opened') return 'rejected'
          return expectOurs(fetched.certificates, { keys, input })
        },
        close: async () => {},
      }
    },
  }
}

function expectOurs(
  certificates: readonly { serial: string; key: KeyObject }[],
  { keys, input }: { keys: Keys; input: unknown },
): InputResult {
  for (const { serial, key } of certificates) {
    const ours = keys.merchant.wechatpay.certificates.find(
      ({ serialNo }) => serialNo.toUpperCase() === serial,
    )
    const same = ours && new X509Certificate(ours.certificatePem).publicKey.equals(key)
    if (!same) throw new Finding('wrong answer', `a key that is not ours for ${serial}`, input)
  }
  return 'accepted'
}

class Listings {
  readonly #keys: Keys
  readonly #signer: Signer
  readonly #sent: Listing[] = []

  constructor(keys: Keys) {
    this.#keys = keys
    const [certificate] = keys.merchant.wechatpay.certificates
    if (certificate === undefined) throw new Error('The merchant has no platform certificate')
    const { serialNo, privateKeyPem } = certificate
    this.#signer = { serial: serialNo, key: createPrivateKey(privateKeyPem) }
    // Throws if the key does not parse: otherwise every list would be rejected.
    createPublicKey(this.#signer.key)
  }

  next(chance: Chance): { listing: Listing; genuine: boolean } {
    if (this.#sent.length < 32 || chance.percent(20)) {
      const listing = this.#signed(this.#body(chance), chance)
      this.#sent.push(listing)
      if (this.#sent.length > 32) this.#sent.shift()
    }
    const listing = chance.pick(this.#sent)
    if (chance.percent(20)) return { listing, genuine: listing.status === 200 }
    const changed = { ...listing, ...tampered(listing, { chance, other: chance.pick(this.#sent) }) }
    return { listing: changed, genuine: this.#sent.some((each) => isSame(each, changed)) }
  }

  #signed(body: Buffer, chance: Chance): Listing {
    const stamp = { nonce: chance.hex(32), timestamp: String(presentSecs) }
    const headers = headersOf(signatureOf(body, { signer: this.#signer, ...stamp }))
    return { status: chance.pick([200, 200, 200, 200, 404, 500]), headers, body }
  }

  /** Encrypted with the right key, and possibly wrong inside: other programs make certificates. */
  #body(chance: Chance): Buffer {
    const { certificates } = this.#keys.merchant.wechatpay
    const items = certificates.map(({ serialNo, certificatePem }) =>
      objectText(this.#item({ serialNo, pem: Buffer.from(certificatePem) }, chance)),
    )
    const text = chance.weighed<() => string>([
      [5, () => `{"data":[${items.join(',')}]}`],
      [1, () => `{"data":[${items.join(',')},${items.join(',')}]}`],
      [1, () => objectText(spoiled([['data', `[${items.join(',')}]`]], chance))],
      [1, () => `{"data":${hostileJson(chance)}}`],
    ])()
    return Buffer.from(text)
  }

  #item({ serialNo, pem }: { serialNo: string; pem: Buffer }, chance: Chance): Members {
    const sealed = chance.percent(40) ? mutated(pem, chance) : pem
    const members: Members = [
      ['serial_no', JSON.stringify(serialNo)],
      ['effective_time', '"2026-01-01T00:00:00+08:00"'],
      ['encrypt_certificate', objectText(encrypted(sealed, { key: this.#keys.apiV3Key, chance }))],
    ]
    return chance.percent(30) ? spoiled(members, chance) : members
  }
}

/** True if bytes and signature are as they were sent. The case of a serial does not matter. */
function isSame(sent: Listing, changed: Listing): boolean {
  const [ours, theirs] = [sent.headers, changed.headers]
  const signature = theirs['wechatpay-signature']
  return (
    changed.status === 200 &&
    ['wechatpay-nonce', 'wechatpay-timestamp'].every((name) => ours[name] === theirs[name]) &&
    typeof signature === 'string' &&
    Buffer.from(signature, 'base64').equals(
      Buffer.from(String(ours['wechatpay-signature']), 'base64'),
    ) &&
    sent.body.equals(changed.body)
  )
}
