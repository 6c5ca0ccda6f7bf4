import { createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import {
  bitString,
  integer,
  nothing,
  objectIdentifier,
  sequence,
  set,
  tagged,
  time,
  utf8String,
} from './der.ts'

/** WeChat Pay's platform certificates are valid for five years. */
const validYears = 5

export interface SelfSigned {
  readonly pem: string
  /** 40 upper-case hexadecimal characters. */
  readonly serialNo: string
}

/** A self-signed X.509 v3 certificate of an RSA key (RFC 5280), valid from `now` for five years. */
export function selfSign(
  privateKey: KeyObject,
  subject: { readonly commonName: string; readonly now: Date },
): SelfSigned {
  const serial = randomSerial()
  const algorithm = sequence(objectIdentifier('1.2.840.113549.1.1.11'), nothing()) // sha256WithRSA
  const name = distinguishedName(subject.commonName)
  const end = new Date(subject.now)
  end.setUTCFullYear(end.getUTCFullYear() + validYears)
  const signed = sequence(
    tagged(0, integer(Buffer.of(2))), // version 3
    integer(serial),
    algorithm,
    name,
    sequence(time(subject.now), time(end)),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', signed, privateKey)
  const der = sequence(signed, algorithm, bitString(signature))
  return { pem: pemOf(der), serialNo: serial.toString('hex').toUpperCase() }
}

/** 20 bytes. The first is 0x40 to 0x7f: the number is positive and has 40 digits, like WeChat Pay's. */
function randomSerial(): Buffer {
  const bytes = randomBytes(20)
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f)
  return bytes
}

function distinguishedName(commonName: string): Buffer {
  return sequence(
    set(sequence(objectIdentifier('2.5.4.10'), utf8String('budan simulator'))),
    set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))),
  )
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
