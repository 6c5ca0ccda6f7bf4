import { existsSync } from 'node:fs'
import type { WechatConfig } from '../../config/config.ts'
import { isExposed } from '../../config/exposed.ts'
import { type Certificate, isCertificateOf } from '../../text/certificate.ts'
import { isSameSerial } from '../../text/serial.ts'
import { shanghaiTime } from '../../text/shanghai-time.ts'
import { dayMs } from '../../text/time-units.ts'
import { isAppId } from '../app-id.ts'
import { certificateAt, certificatePathBeside, merchantOf, serialOf } from '../certificate.ts'
import { shellWord } from '../terminal/shells.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { type ExaminedMerchant, keyIn } from './merchant.ts'

export interface KeyFiles extends ExaminedMerchant {
  readonly now: Date
}

/** Checks the keys without any request. Loading the configuration has already parsed them. */
export function examineKeys(files: KeyFiles): readonly Finding[] {
  const { wechat } = files
  return [
    examineKeyFile(files),
    examineSerial(files),
    examineAppId(wechat),
    wechat.publicKey === null
      ? ok('public key', 'none: platform certificates are fetched and rotated')
      : ok('public key', `${wechat.publicKey.id}, RSA`),
  ]
}

function examineKeyFile({ privateKeyPath, wechat }: KeyFiles): Finding {
  const name = 'private key'
  const bits = wechat.privateKey.asymmetricKeyDetails?.modulusLength ?? 0
  return privateKeyPath !== null && isExposed(privateKeyPath)
    ? warn(name, {
        detail: `RSA, ${bits} bits; others on this machine may read its file`,
        next: `chmod 600 ${shellWord(privateKeyPath)}`,
      })
    : ok(name, `RSA, ${bits} bits`)
}

/** Compares `serial_no` with the certificate beside the private key. */
function examineSerial(files: KeyFiles): Finding {
  const name = 'serial number'
  const { privateKeyPath, wechat, now } = files
  const [serialNo, mchId] = ['serial_no', 'mch_id'].map((key) => keyIn(files, key))
  const path = privateKeyPath === null ? null : certificatePathBeside(privateKeyPath)
  const certificate = path === null ? null : certificateAt(path)
  if (certificate === null) return withoutCertificate(path, wechat)
  if (!isCertificateOf(certificate, wechat.privateKey)) {
    return warn(name, {
      detail: `${path} is not the certificate of this private key`,
      next: 'put both from one download of the merchant console together',
    })
  }
  if (!isSameSerial(certificate.serial, wechat.serialNo)) {
    return fail(name, {
      detail: `${wechat.serialNo} is not that of ${path}, ${serialOf(certificate)}`,
      next: `set ${serialNo} to ${serialOf(certificate)}`,
    })
  }
  const theirs = merchantOf(certificate)
  if (theirs !== null && theirs !== wechat.mchId) {
    return fail(name, {
      detail: `${path} is the certificate of merchant ${theirs}, and ${mchId} is ${wechat.mchId}`,
      next: `set ${mchId} to ${theirs}, or take key and certificate of ${wechat.mchId}`,
    })
  }
  return examineValidity(certificate, { name, now })
}

/** An unreadable certificate file is reported, because nobody would look for it. */
function withoutCertificate(path: string | null, { serialNo }: WechatConfig): Finding {
  const name = 'serial number'
  if (path !== null && existsSync(path)) {
    return warn(name, {
      detail: `${path} cannot be read as a certificate, so ${serialNo} could not be compared with it`,
      next: 'put the certificate of the merchant console there, or take the file away',
    })
  }
  return ok(name, `${serialNo}; no apiclient_cert.pem beside the key to compare it with`)
}

// The merchant console issues a new certificate at once, but a person needs time to apply for it.
const renewalDays = 30

function examineValidity(
  certificate: Certificate,
  { name, now }: { name: string; now: Date },
): Finding {
  const { validFrom: start, validTo: end } = certificate
  const days = Math.floor((+end - +now) / dayMs)
  const next = 'apply for a new API certificate in the merchant console'
  if (start > now) {
    return fail(name, {
      detail: `its certificate begins on ${shanghaiTime(start)} only`,
      next: 'set the clock of this machine',
    })
  }
  if (days < 0) return fail(name, { detail: `its certificate ended on ${shanghaiTime(end)}`, next })
  if (days < renewalDays)
    return warn(name, { detail: `its certificate ends in ${days} days`, next })
  return ok(name, `${serialOf(certificate)}, that of the certificate beside the key`)
}

function examineAppId({ appId }: WechatConfig): Finding {
  const name = 'app id'
  return isAppId(appId)
    ? ok(name, appId)
    : warn(name, {
        detail: `${appId} does not look like one: wx and 16 hexadecimal digits`,
        next: 'compare it with the one bound to the merchant in the console',
      })
}
