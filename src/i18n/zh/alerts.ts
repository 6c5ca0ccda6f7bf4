/** Faults of `alerts:`, for the set of all faults. */
export const alertFaults = {
  'must be a list, like "- kind: wecom"': '须为列表，例如 `- kind: wecom`',
  'is a list of more than {count:word} alerts': '列表超过 {count} 个告警接收方',
  '{value:shown} is the name of another alert as well: give each a name of its own':
    '{value} 与另一个告警接收方重名：请各取一个名称',
  '{value:shown} is no name of an alert: 1 to 32 of a-z 0-9 -, the first a letter':
    '{value} 不能作告警接收方的名称：1 到 32 个字符，只含 a-z 0-9 -，首字符为字母',
  'a value of {length:word} characters is not a URL': '{length} 个字符的值不是 URL',
  'a value of {length:word} characters is not https': '{length} 个字符的值不是 https',
  'must be https (http is for loopback addresses only)': '须为 https（只有本机回环地址可用 http）',
  'must be https (http is for private addresses, and for names without a dot)':
    '须为 https（只有内网地址和不带点的主机名可用 http）',
  'nothing is signed for {kind:word}: leave the key out': '`{kind}` 不用签名：请去掉这个键',
  'a value of {length:word} characters is no secret of a webhook: whsec_ and the base64 of 24 to 64 bytes':
    '{length} 个字符的值不是签名密钥：应为 `whsec_` 加上 24 到 64 个字节的 Base64',
  'must not have a fragment': '不能带片段',
  'not set: docs/alerts.md says how': '没有设置：写法见 docs/alerts.zh-CN.md',
  '{name:json} is the name of no alert': '没有名为 {name} 的告警接收方',
  '{name:json} is the name of no alert; did you mean {meant:word}?':
    '没有名为 {name} 的告警接收方；是否想写 `{meant}`？',
} as const

/** What doctor says of them. */
export const alertPlaces = { 'alert {name:word}': '告警 {name}' } as const

export const alertDetails = {
  '{kind:word}, at {host:word}': '`{kind}`，位于 {host}',
  '{kind:word}, at {host:word}: {odd:oddAlert}': '`{kind}`，位于 {host}：{odd}',
} as const

export const alertAdvice = {
  'compare it with {form:word}, and try it: budan alerts test --name {name:word}':
    '请与 {form} 核对，再试发一条：`budan alerts test --name {name}`',
} as const

/** What became of a message, where the robot itself said nothing. */
export const robotAnswers = {
  'no answer within {seconds:word} s': '{seconds} 秒内没有应答',
  'the connection broke': '连接中断',
  'HTTP {status:word}, and no code': 'HTTP {status}，没有代码',
} as const

export const oddAlerts = {
  'the path is not that of a robot': '路径不是群机器人的',
  'the url has no {parameter:word}': 'url 里没有 `{parameter}`',
  'the host is not the usual one': '主机不是常见的那个',
} as const
