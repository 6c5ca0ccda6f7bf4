import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { z } from 'zod'
import { fault, type Read, value } from '../../config/fault.ts'
import { isOwnHalf, type KeyType, loadKey, ownHalf } from '../../config/keys/keys.ts'
import { configSchema } from '../../config/schema.ts'
import { shown } from '../../config/values.ts'
import { type Certificate, isCertificateOf } from '../../text/certificate.ts'
import { isSameSerial } from '../../text/serial.ts'
import { isAppId } from '../app-id.ts'
import { certificateAt, certificatePathBeside, serialOf } from '../certificate.ts'
import type { Answers } from './draft.ts'

/** Checks one answer and the file that it names against the earlier answers. */
export function acceptAnswer(path: string, typed: string, answers: Answers): Read<string> {
  switch (path) {
    case 'wechat.private_key_path':
      return acceptKey('private', { path, typed, answers })
    case 'wechat.public_key_path':
      return acceptKey('public', { path, typed, answers })
    case 'wechat.serial_no':
      return acceptSerial(atHome(typed), answers)
    case 'wechat.app_id':
      return acceptAppId(typed)
    default:
      return acceptText(path, typed)
  }
}

/** The certificate beside the private key; null when there is none. */
export function certificateBeside(answers: Answers): {
  readonly path: string
  readonly certificate: Certificate
  readonly isOurs: boolean
} | null {
  const privateKey = privateKeyOf(answers)
  const privateKeyPath = answers.get('wechat.private_key_path')
  if (privateKey === null || privateKeyPath === undefined) return null
  const path = certificatePathBeside(privateKeyPath)
  const certificate = certificateAt(path)
  if (certificate === null) return null
  return { path, certificate, isOurs: isCertificateOf(certificate, privateKey) }
}

function acceptText(path: string, typed: string): Read<string> {
  const [section = '', key = ''] = path.split('.')
  const sections: Readonly<Record<string, { unwrap(): z.ZodType }>> = configSchema.shape
  const mapping = sections[section]?.unwrap()
  const rule = mapping instanceof z.ZodObject ? mapping.shape[key] : undefined
  const parsed = z.safeParse(rule ?? z.string(), typed)
  if (parsed.success) return value(String(parsed.data))
  return fault(parsed.error.issues[0]?.message ?? 'is wrong')
}

/** A truncated app id is a typing error, which would be found only when WeChat Pay refuses an order. */
function acceptAppId(typed: string): Read<string> {
  const text = acceptText('wechat.app_id', typed)
  if (text.kind === 'fault' || isAppId(text.value)) return text
  return fault(`${shown(text.value)} is not an app id: wx and 16 hexadecimal digits`)
}

function acceptKey(
  type: KeyType,
  { path, typed, answers }: { path: string; typed: string; answers: Answers },
): Read<string> {
  const text = acceptText(path, atHome(typed))
  if (text.kind === 'fault') return text
  const loaded = loadKey(type, text.value)
  if (loaded.kind === 'fault') return loaded
  const privateKey = type === 'public' ? privateKeyOf(answers) : null
  return privateKey !== null && isOwnHalf(loaded.value, privateKey) ? fault(ownHalf) : text
}

/** Accepts a serial number, or the path of the certificate that has it. */
function acceptSerial(typed: string, answers: Answers): Read<string> {
  if (/\.(pem|crt|cer)$/i.test(typed) || existsSync(typed)) return acceptCertificate(typed, answers)
  const serial = acceptText('wechat.serial_no', typed)
  const beside = certificateBeside(answers)
  if (serial.kind === 'fault' || beside?.isOurs !== true) return serial
  const right = serialOf(beside.certificate)
  return isSameSerial(serial.value, right)
    ? serial
    : fault(`${serial.value} is not that of ${beside.path}, ${right}`)
}

function acceptCertificate(path: string, answers: Answers): Read<string> {
  const certificate = certificateAt(path)
  if (certificate === null) return fault(`Cannot read certificate ${shown(path)}`)
  const privateKey = privateKeyOf(answers)
  return privateKey === null || isCertificateOf(certificate, privateKey)
    ? value(serialOf(certificate))
    : fault(`${shown(path)} is not the certificate of this private key`)
}

function privateKeyOf(answers: Answers): KeyObject | null {
  const path = answers.get('wechat.private_key_path')
  const loaded = path === undefined ? null : loadKey('private', path)
  return loaded?.kind === 'value' ? loaded.value : null
}

/** Expands `~`, because no shell does it for an answer. */
function atHome(path: string): string {
  return path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path
}
