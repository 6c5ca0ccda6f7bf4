import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defaultDatabaseUrl } from '../../config/paths.ts'
import { serialOf } from '../certificate.ts'
import { certificateBeside } from './accept.ts'
import type { Answers } from './draft.ts'

/** One key of the configuration that init fills in. */
export interface KeyPrompt {
  readonly path: string
  /** What gives the answer beforehand; null: the environment alone, because others see a command's options. */
  readonly option: string | null
  readonly isNeeded: (answers: Answers) => boolean
  /** Whether to ask at all; what was given beforehand is taken in any case. */
  readonly isAsked: (answers: Answers) => boolean
  /** Not shown while it is typed, nor proposed in clear. */
  readonly isSecret: boolean
  /** The answer of somebody who gives none, asked or not; `home` is the folder of the file. */
  readonly usual: (answers: Answers, home: string) => string | null
  /** Offered to whoever is asked. */
  readonly offered: (answers: Answers) => string | null
}

const plain: Omit<KeyPrompt, 'path' | 'option'> = {
  isNeeded: () => true,
  isAsked: () => true,
  isSecret: false,
  usual: () => null,
  offered: () => null,
}

const hasPublicKeyId = (answers: Answers) => answers.has('wechat.public_key_id')
const hasPublicKeyPath = (answers: Answers) => answers.has('wechat.public_key_path')
const ifThere = (path: string) => () => (existsSync(path) ? path : null)

/** 24 bytes: nobody guesses them, and they need no quotes anywhere. */
const newToken = () => randomBytes(24).toString('base64url')

/** In the order in which they are asked: the later ones are checked against the earlier ones. */
export const prompts: readonly KeyPrompt[] = [
  {
    ...plain,
    ...{ path: 'wechat.base_url', option: '--base-url' },
    isNeeded: () => false,
    isAsked: () => false,
  },
  { ...plain, path: 'wechat.mch_id', option: '--mch-id' },
  { ...plain, path: 'wechat.app_id', option: '--app-id' },
  {
    ...plain,
    ...{ path: 'wechat.private_key_path', option: '--private-key' },
    offered: ifThere('./apiclient_key.pem'),
  },
  {
    ...plain,
    ...{ path: 'wechat.serial_no', option: '--serial-no' },
    usual: (answers) => {
      const beside = certificateBeside(answers)
      return beside?.isOurs === true ? serialOf(beside.certificate) : null
    },
  },
  { ...plain, path: 'wechat.api_v3_key', option: null, isSecret: true },
  {
    ...plain,
    ...{ path: 'wechat.public_key_id', option: '--public-key-id' },
    isNeeded: hasPublicKeyPath,
  },
  {
    ...plain,
    ...{ path: 'wechat.public_key_path', option: '--public-key' },
    ...{ isNeeded: hasPublicKeyId, isAsked: hasPublicKeyId },
    offered: ifThere('./pub_key.pem'),
  },
  {
    ...plain,
    ...{ path: 'wechat.notify_url', option: '--notify-url' },
    isNeeded: () => false,
  },
  {
    ...plain,
    ...{ path: 'database.url', option: '--database' },
    // Beside the file, named so that it is not taken for one in the working directory.
    usual: (_, home) =>
      home === process.cwd() ? defaultDatabaseUrl : `pglite:${join(home, 'data')}`,
  },
  {
    ...plain,
    ...{ path: 'server.api_token', option: null, isSecret: true },
    usual: newToken,
  },
]
