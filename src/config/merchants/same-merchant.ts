import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { serialDigits } from '../../text/serial.ts'
import { nameOf } from '../fault.ts'
import { textOf } from '../file.ts'
import { theirsAdvice } from '../keys/keys.ts'
import { shown } from '../values.ts'
import type { MerchantKeys } from './merchant-keys.ts'
import { envNameOf, type MerchantSection } from './merchant-sections.ts'

type Origins = ReadonlyMap<string, string>

/** Names and numbers that two merchants share, and must not. */
export function sameNameFaults(sections: readonly MerchantSection[], origins: Origins): string[] {
  return [...sameNames(sections), ...sameNumbers(sections, origins)]
}

/** Names that differ in case or marks alone have the same names in the environment. */
function sameNames(sections: readonly MerchantSection[]): string[] {
  const named = sections.flatMap(({ path, label, keys }) => {
    const name = textOf(keys.name)
    return name === null ? [] : [{ path, label, name }]
  })
  return repeated(named, ({ name }) => envNameOf(name)).map(({ again, first }) =>
    again.name === first.name
      ? `${again.path}.name: ${shown(again.name)} is the name of ${first.label} as well`
      : `${again.path}.name: ${shown(again.name)} has the same names in the environment as ${first.label}: MERCHANTS_${envNameOf(again.name)}_…`,
  )
}

/** The identity of a merchant is its gateway and its number there: an order would have two owners. */
function sameNumbers(sections: readonly MerchantSection[], origins: Origins): string[] {
  const numbered = sections.flatMap(({ path, label, keys }) => {
    const mchid = textOf(keys.mch_id)
    const gateway = textOf(keys.gateway) ?? 'wechatpay'
    return mchid === null ? [] : [{ path, label, mchid, gateway }]
  })
  return repeated(numbered, ({ gateway, mchid }) => `${gateway} ${mchid}`).map(
    ({ again, first }) =>
      `${nameOf(`${again.path}.mch_id`, origins)}: ${shown(again.mchid)} is that of ${first.label} as well`,
  )
}

interface Holder {
  readonly section: MerchantSection
  readonly keys: MerchantKeys
  readonly privateKey: string | null
  readonly publicKey: string | null
  readonly serialNo: string | null
  readonly publicKeyId: string | null
}

/**
 * Keys that are another merchant's, as where lines were copied and half of them changed. A serial number
 * names one certificate, which has one key; a public key has one id, and WeChat Pay makes one for each
 * merchant number. So where key and number go together in one merchant and are apart in the other, one
 * of the two merchants would get no answer that counts. Merchants that share both are let pass: a test
 * gateway may serve them so, and if WeChat Pay does not, its breaker stops the one that is wrong alone.
 * An APIv3 key is chosen by people, who may choose the same one twice.
 */
export function sharedKeyFaults(
  sections: readonly MerchantSection[],
  { keys, origins }: { readonly keys: readonly MerchantKeys[]; readonly origins: Origins },
): string[] {
  const holders = sections.flatMap((section, at) => {
    const own = keys[at]
    return own === undefined ? [] : holderOf(section, own)
  })
  const key = (holder: Holder, name: string) => nameOf(`${holder.section.path}.${name}`, origins)
  return [
    ...apart(holders, ['privateKey', 'serialNo']).map(
      ({ again, first }) =>
        `${again.keys.names.privateKey}: the key is that of ${first.section.label}, whose serial_no is another`,
    ),
    ...apart(holders, ['serialNo', 'privateKey']).map(
      ({ again, first }) =>
        `${key(again, 'serial_no')}: ${shownSerial(again.serialNo ?? '')} is that of ${first.section.label}, whose private key is another`,
    ),
    ...apart(holders, ['publicKey', 'publicKeyId']).map(
      ({ again, first }) =>
        `${again.keys.names.publicKey}: the key is that of ${first.section.label}, whose public_key_id is another`,
    ),
    ...apart(holders, ['publicKeyId', 'publicKey']).map(
      ({ again, first }) =>
        `${key(again, 'public_key_id')}: ${shown(again.publicKeyId ?? '')} is that of ${first.section.label}, whose public key is another`,
    ),
    ...othersHalves(holders),
  ]
}

function holderOf(section: MerchantSection, keys: MerchantKeys): Holder {
  const serial = textOf(section.keys.serial_no)
  const { privateKey, publicKey } = keys
  return {
    section,
    keys,
    privateKey: privateKey && fingerprint(createPublicKey(privateKey)),
    publicKey: publicKey && fingerprint(publicKey),
    serialNo: serial === null ? null : serialDigits(serial),
    publicKeyId: textOf(section.keys.public_key_id),
  }
}

function fingerprint(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('base64')
}

type Fact = 'privateKey' | 'publicKey' | 'serialNo' | 'publicKeyId'

/** Those that share one fact, and not the one that belongs to it. */
function apart(
  holders: readonly Holder[],
  [shared, belonging]: readonly [Fact, Fact],
): readonly Repeated<Holder>[] {
  return repeated(holders, (holder) => holder[shared]).filter(({ again, first }) => {
    const facts = [again[belonging], first[belonging]]
    return !facts.includes(null) && facts[0] !== facts[1]
  })
}

/** A merchant's own public key in the place of WeChat Pay's, which `keyPair` finds within one merchant. */
function othersHalves(holders: readonly Holder[]): string[] {
  const owners = new Map(holders.map((holder) => [holder.privateKey, holder]))
  return holders.flatMap((holder) => {
    const owner = holder.publicKey === null ? undefined : owners.get(holder.publicKey)
    return owner === undefined || owner.privateKey === holder.privateKey
      ? []
      : `${holder.keys.names.publicKey}: the key is the public half of the private key of ${owner.section.label}: ${theirsAdvice}`
  })
}

/** 32 characters may be the APIv3 key on the wrong line: not printed. */
function shownSerial(serial: string): string {
  return serial.length === 32 ? 'a value of 32 characters' : shown(serial)
}

interface Repeated<T> {
  readonly again: T
  readonly first: T
}

/** Each item whose key an item before it has. */
function repeated<T>(items: readonly T[], keyOf: (item: T) => string | null): Repeated<T>[] {
  const firsts = new Map<string, T>()
  return items.flatMap((again) => {
    const key = keyOf(again)
    if (key === null) return []
    const first = firsts.get(key)
    if (first === undefined) firsts.set(key, again)
    return first === undefined ? [] : { again, first }
  })
}
