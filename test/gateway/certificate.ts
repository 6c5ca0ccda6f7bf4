import { createPublicKey, type KeyObject, sign } from 'node:crypto'

/** The little of DER that an X.509 certificate needs. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const size = content.length
  const length = size < 0x80 ? [size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...contents: readonly Buffer[]) => der(0x30, ...contents)
const sha256WithRsa = sequence(Buffer.from('06092a864886f70d01010b', 'hex'), der(0x05))
const commonName = Buffer.from('0603550403', 'hex')

function name(text: string): Buffer {
  return sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(text)))))
}

function utcTime(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

/** A self-signed certificate in PEM. `serial` is upper-case hex that starts below 8. */
export function makeCertificate(
  privateKey: KeyObject,
  { serial, from, to }: { serial: string; from: Date; to: Date },
): string {
  const subject = name('Tenpay.com sign, for a test')
  const tbs = sequence(
    der(0x02, Buffer.from(serial, 'hex')),
    sha256WithRsa,
    subject,
    sequence(utcTime(from), utcTime(to)),
    subject,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('RSA-SHA256', tbs, privateKey)
  const whole = sequence(tbs, sha256WithRsa, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
