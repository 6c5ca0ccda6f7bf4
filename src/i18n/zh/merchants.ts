import type { PhraseSets } from '../phrases.ts'

/** How messages name the place of a merchant in the configuration, and a key in it. */
export const merchantPhrases = {
  merchantSection: {
    wechat: '`wechat`',
    '{place:word}': '{place}',
    '{place:word} ({name:word})': '{place}（商户“{name}”）',
  },
  merchantKey: {
    'wechat.{key:word}': 'wechat.{key}',
    '{place:word} ({name:word}).name': '{place}（商户“{name}”）的 `name`',
    '{place:word} ({name:word}).gateway': '{place}（商户“{name}”）的 `gateway`',
    '{place:word} ({name:word}).{key:word}': '{place}（商户“{name}”）的 {key}',
  },
} as const satisfies PhraseSets

/** Faults of merchants, for the set of all faults. */
export const merchantFaults = {
  'is a list of more than {count:word} merchants': '列表超过 {count} 个商户',
  '{value:shown} is no name of a merchant: 1 to 63 of 0-9 A-Z a-z . _ -, the first a letter or digit':
    '{value} 不能作商户名：1 到 63 个字符，只含 0-9 A-Z a-z . _ -，首字符为字母或数字',
  '{value:shown} begins no user id: 1 to 32 of 0-9 A-Z a-z _ . : -':
    '{value} 不能作用户 ID 的前缀：1 到 32 个字符，只含 0-9 A-Z a-z _ . : -',
  '{value:shown} is the name of {section:merchantSection} as well':
    '{value} 重名，已用于 {section}',
  '{value:shown} has the same names in the environment as {section:merchantSection}: {names:word}':
    '{value} 的环境变量名 {names} 已用于 {section}',
  '{value:shown} is that of {section:merchantSection} as well': '{value} 已用于 {section}',
  '{value:shown} is that of {section:merchantSection}, whose private key is another':
    '{value} 已用于 {section}，而两者的私钥不同',
  '{value:shown} is that of {section:merchantSection}, whose public key is another':
    '{value} 已用于 {section}，而两者的公钥不同',
  'the key is that of {section:merchantSection}, whose {key:word} is another':
    '这个密钥已用于 {section}，而两者的 {key} 不同',
  "the key is the public half of the private key of {section:merchantSection}: give WeChat Pay's public key, downloaded from the merchant console":
    '这是商户私钥的公钥，该私钥已用于 {section}：请使用从商户平台下载的微信支付公钥',
  '{value:shown} is none that is configured': '{value} 没有配置',
  'several are configured: give --merchant, or merchant in the source':
    '配置了多个商户：请给出 --merchant，或在订单来源里写 `merchant`',
  'they are of several merchants: choose by --merchant or --source':
    '它们属于多个商户：请用 --merchant 或 --source 选择',
  'no source that is to be read is of {value:shown}': '要读取的订单来源都不属于 {value}',
} as const
