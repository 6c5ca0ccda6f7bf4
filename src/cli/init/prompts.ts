import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defaultDatabaseUrl } from '../../config/paths.ts'
import { serialOf } from '../certificate.ts'
import { certificateBeside } from './accept.ts'
import type { Answers } from './draft.ts'

export interface KeyPrompt {
  readonly path: string
  /** The option for the answer; null: only the environment, because other users can read options. */
  readonly option: string | null
  readonly isNeeded: (answers: Answers) => boolean
  /** Whether to prompt for it. An option or variable is used in any case. */
  readonly isPrompted: (answers: Answers) => boolean
  /** Not shown while it is typed, nor in a proposal. */
  readonly isSecret: boolean
  /** The value when no answer is given; `home` is the folder of the file. */
  readonly defaultOf: (answers: Answers, home: string) => string | null
  /** The proposal of the prompt, when there is no default. */
  readonly offered: (answers: Answers) => string | null
}

const plain: Omit<KeyPrompt, 'path' | 'option'> = {
  isNeeded: () => true,
  isPrompted: () => true,
  isSecret: false,
  defaultOf: () => null,
  offered: () => null,
}

const hasPublicKeyId = (answers: Answers) => answers.has('wechat.public_key_id')
const hasPublicKeyPath = (answers: Answers) => answers.has('wechat.public_key_path')
const ifThere = (path: string) => () => (existsSync(path) ? path : null)

/** 24 random bytes cannot be guessed. In this encoding they need no quotes in a shell or in YAML. */
const newToken = () => randomBytes(24).toString('base64url')

/** In the order of the prompts: later answers are checked against earlier ones. */
export const prompts: readonly KeyPrompt[] = [
  {
    ...plain,
    ...{ path: 'wechat.base_url', option: '--base-url' },
    isNeeded: () => false,
    isPrompted: () => false,
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
    defaultOf: (answers) => {
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
    ...{ isNeeded: hasPublicKeyId, isPrompted: hasPublicKeyId },
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
    // Beside the file, with an absolute path so that it is not looked for in the working directory.
    defaultOf: (_, home) =>
      home === process.cwd() ? defaultDatabaseUrl : `pglite:${join(home, 'data')}`,
  },
  {
    ...plain,
    ...{ path: 'server.api_token', option: null, isSecret: true },
    defaultOf: newToken,
  },
]
