import type { WechatConfig } from '../../../config/config.ts'
import { systemClock } from '../../../domain/clock.ts'
import { createWire } from '../http/wire.ts'
import type { OpenedCertificates } from './certificates.ts'
import { fetchCertificates } from './fetch-certificates.ts'
import type { FetchFailure } from './keys.ts'

/** Tests the APIv3 key on the platform certificates, which a merchant with a public key may have too. */
export async function tryApiV3Key(
  config: WechatConfig,
): Promise<OpenedCertificates | FetchFailure> {
  const wire = createWire(config, { clock: systemClock, connections: 1 })
  try {
    return await fetchCertificates(wire, { config, clock: systemClock })
  } finally {
    await wire.stop()
  }
}
