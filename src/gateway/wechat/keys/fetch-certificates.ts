import type { KeyObject } from 'node:crypto'
import type { WechatConfig } from '../../../config/config.ts'
import { withDeadline } from '../../../deadline.ts'
import type { Clock } from '../../../domain/clock.ts'
import { isSameSerial } from '../../../text/serial.ts'
import { unknownAnswer } from '../../unknown.ts'
import { type CheckedReply, rejectUnverified, unansweredBy } from '../answer.ts'
import { errorOf } from '../evidence.ts'
import type { Reply, Wire } from '../http/wire.ts'
import { certificatesRequest } from '../requests.ts'
import { type Certificate, type OpenedCertificates, readCertificates } from './certificates.ts'
import type { FetchFailure, Finding } from './keys.ts'
import { verifySignature } from './verification.ts'

const attempt = 'fetch the platform certificates'

/** Fetches the platform certificates. It has its own deadline, because several calls may wait for it. */
export async function fetchCertificates(
  wire: Pick<Wire, 'send'>,
  { config, clock }: { config: WechatConfig; clock: Clock },
): Promise<OpenedCertificates | FetchFailure> {
  return withDeadline(config, {}, async (signal) => {
    const reply = await wire.send(certificatesRequest(), signal)
    if (reply.kind === 'no_response') {
      return unknownAnswer(reply.cause, `Cannot ${attempt}: ${reply.message}`, reply)
    }
    return openListing(reply, { config, now: clock(), signal })
  })
}

/** Decrypts the list first and verifies it second: it is signed with one of the certificates in it. */
async function openListing(
  reply: Reply,
  { config, now, signal }: { config: WechatConfig; now: Date; signal: AbortSignal },
): Promise<OpenedCertificates | FetchFailure> {
  if (reply.status !== 200) return notListed(reply)
  const opened = readCertificates(reply.body, config.apiV3Key)
  if (opened.kind === 'unknown') return opened
  const keys = { find: async (serial: string) => findIn(opened.certificates, serial, config) }
  const verification = await verifySignature(reply, { keys, now, signal })
  return rejectUnverified({ reply, verification, attempt }) ?? opened
}

function findIn(
  certificates: readonly Certificate[],
  serial: string,
  { publicKey }: { publicKey: { id: string; key: KeyObject } | null },
): Finding {
  if (serial === publicKey?.id) return { kind: 'key', key: publicKey.key }
  const certificate = certificates.find((each) => isSameSerial(each.serial, serial))
  if (certificate) return { kind: 'key', key: certificate.key }
  return { kind: 'missing', message: 'it is signed by none of its certificates', systemic: false }
}

/** Merchants that joined after the public key was introduced have no platform certificate, and never will. */
function notListed(reply: Reply): FetchFailure {
  const checked: CheckedReply = {
    reply,
    attempt,
    verification: {
      kind: 'rejected',
      defect: 'unsigned',
      message: 'not verified',
      systemic: false,
    },
  }
  const answer = unansweredBy(checked)
  if (reply.status !== 404 || errorOf(reply.body).code !== 'RESOURCE_NOT_EXISTS') return answer
  const message = `${answer.message}. This merchant has none: configure WeChat Pay's public key`
  return {
    ...answer,
    cause: 'unverified',
    message,
    systemic: true,
    why: 'unlisted',
    noneListed: true,
  }
}
