import fc from 'fast-check'
import type { Chance } from '../chance.ts'
import { Samples } from '../hostile.ts'
import { mutated, mutatedText } from '../mutate.ts'
import type { HeaderSet, HttpMessage } from './signed-callback.ts'

/** A message that was tampered with on its way. */
export function tampered(
  message: HttpMessage,
  { chance, other }: { chance: Chance; other: HttpMessage },
): HttpMessage {
  const { headers, body } = message
  return chance.weighed<() => HttpMessage>([
    [5, () => ({ headers, body: mutated(body, chance) })],
    [4, () => ({ headers: changedHeaders(headers, chance), body })],
    [1, () => ({ headers: other.headers, body })],
    [1, () => ({ headers: crossed(headers, { other: other.headers, chance }), body })],
  ])()
}

const anyHeaders = new Samples(
  fc.dictionary(
    fc.constantFrom(
      'wechatpay-timestamp',
      'wechatpay-nonce',
      'wechatpay-serial',
      'wechatpay-signature',
      'wechatpay-signature-type',
    ),
    fc.oneof(fc.string(), fc.base64String(), fc.nat().map(String), fc.array(fc.string())),
  ),
)
const anyBody = new Samples(
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((text) => Buffer.from(text)),
  ),
)

/** Random headers and bytes, signed with no key. */
export function garbage(chance: Chance): HttpMessage {
  return { headers: anyHeaders.pick(chance), body: Buffer.from(anyBody.pick(chance)) }
}

/** The headers that the signature check reads. */
const signed = [
  'wechatpay-timestamp',
  'wechatpay-nonce',
  'wechatpay-serial',
  'wechatpay-signature',
] as const

function changedHeaders(headers: HeaderSet, chance: Chance): HeaderSet {
  const name = chance.pick(signed)
  const value = String(headers[name])
  const changed = chance.weighed<() => string | readonly string[] | undefined>([
    [6, () => mutatedText(value, chance)],
    [1, () => undefined],
    [1, () => [value, value]],
    [1, () => [value]],
    [1, () => `WECHATPAY/SIGNTEST/${value.slice(19)}`],
    [1, () => value.replaceAll('+', '-').replaceAll('/', '_')],
    [1, () => value.replace(/=+$/, '')],
    [1, () => String(Number(value) + chance.pick([-301, -300, -1, 1, 300, 301, 2 ** 32]))],
  ])()
  return { ...headers, [name]: changed }
}

function crossed(
  headers: HeaderSet,
  { other, chance }: { other: HeaderSet; chance: Chance },
): HeaderSet {
  const name = chance.pick(signed)
  return { ...headers, [name]: other[name] }
}
