import { beijingTime } from '../clock.ts'
import { encrypt } from '../keys/cipher.ts'
import type { PlatformCertificate } from '../keys/keyring.ts'
import type { JsonObject } from '../merge.ts'
import type { World } from '../world.ts'
import { parameterError, type Reply, refusal, success } from './reply.ts'
import type { Wire } from './wire.ts'

/** `GET /v3/certificates`. A merchant that has only the public key has none. */
export function listCertificates(world: World, wire: Wire): Reply {
  const kind = wire.query.get('algorithm_type') ?? 'RSA'
  if (!['RSA', 'SM2', 'ALL'].includes(kind)) {
    return parameterError('algorithm_type的值不合规则', {
      field: '/algorithm_type',
      value: kind,
      location: 'query',
    })
  }
  const certificates = kind === 'SM2' ? [] : world.keyring.certificates(world.switches.signing)
  if (certificates.length === 0) return refusal({ status: 404, code: 'RESOURCE_NOT_EXISTS' })
  return success({ data: certificates.map((each) => listed(world, each)) })
}

function listed(world: World, certificate: PlatformCertificate): JsonObject {
  const sealed = encrypt(certificate.pem, {
    apiV3Key: world.apiV3Key,
    nonce: world.chance.nonce().slice(0, 12).toLowerCase(),
    associatedData: 'certificate',
  })
  return {
    serial_no: certificate.serialNo,
    effective_time: beijingTime(certificate.effectiveAt.getTime()),
    expire_time: beijingTime(certificate.expiresAt.getTime()),
    encrypt_certificate: { ...sealed },
  }
}
