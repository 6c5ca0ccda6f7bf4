import { catalog } from '../../i18n/locale.ts'

type Comments = Readonly<Record<string, readonly string[]>>

const englishHead = [
  'Written by budan init. Every key is here. A key behind "#" has no value; the others have theirs,',
  'or the usual one.',
  'Each key can also come from the environment, which wins: its path in capitals, joined by "_", so',
  'recharge.compensation_batch_size is RECHARGE_COMPENSATION_BATCH_SIZE. Secrets (wechat.api_v3_key,',
  'server.api_token, a password in database.url) may live there alone: then take their lines out.',
  'With _FILE behind it, the name gives a file that holds the value: WECHAT_API_V3_KEY_FILE.',
  'A wrong key or value stops the start with one line that names it. See docs/configuration.md.',
  'Several merchants: "merchants:" in the place of "wechat:". See docs/configuration-merchants.md.',
]

const chineseHead = [
  '由 budan init 写成，列出了全部配置项。以 "#" 开头的配置项没有值；其余为所填的值或默认值。',
  '每一项都可以改由环境变量给出，且环境变量优先：变量名是大写的路径，以 "_" 连接，',
  '例如 recharge.compensation_batch_size 对应 RECHARGE_COMPENSATION_BATCH_SIZE。',
  '密钥类的值（wechat.api_v3_key、server.api_token、database.url 里的密码）可以只放在环境变量里，',
  '这时请删去文件里对应的行。变量名加上 _FILE，则给出存放该值的文件：WECHAT_API_V3_KEY_FILE。键名或值有误时，启动会停止，并用一行指出是哪一项。见 docs/configuration.md。',
  '有多个商户时，用 "merchants:" 代替 "wechat:"。见 docs/configuration-merchants.zh-CN.md。',
]

/** The section is behind a "#": without it budan makes a key. */
const proofExample = (first: string) => [
  'proof:',
  '  keys:',
  `    # ${first}`,
  '    - { id: k1, secret_file: ./proof_key }',
]

/** Behind a "#" as well: nobody is notified by default. */
const alertsExample = (first: string) => [
  'alerts:',
  `  # ${first}`,
  '  - { kind: wecom, url_file: ./wecom_url, language: zh }',
  '  - { kind: dingtalk, url_file: ./dingtalk_url, secret_file: ./dingtalk_secret, language: zh }',
  '  - { kind: heartbeat, url_file: ./heartbeat_url }',
]

/** Also in `deploy/config.example.yaml`; a test compares the two. */
const english: Comments = {
  'server.host': ['Where to listen. Beyond this machine (0.0.0.0) only with an api_token.'],
  'server.port': ['0: any free port; the line that serve prints names it.'],
  'server.api_token': [
    'Callers of /v1 send it as a Bearer token; people log in to the console with it.',
    'Needed to listen beyond this machine. Opens everything; tokens with names and fewer rights are',
    'in server.tokens, see docs/configuration.md.',
    'A long random one: openssl rand -base64 24',
  ],
  'server.metrics_auth': ['true: /metrics needs a token with orders:read.'],
  'server.sessions.hours': ['Hours that a login to the console is valid.'],
  'server.trusted_proxies': [
    'Proxies in front, by address or CIDR: [10.0.0.5, 10.1.0.0/16]. From them, and from nobody else,',
    "the caller's address is taken as X-Forwarded-For says.",
  ],
  'database.url': [
    'Embedded, in a directory: pglite:DIRECTORY. For production: postgres://USER:PASSWORD@HOST/NAME',
  ],
  'database.retention_days': [
    'Days after which runs, and events of ended orders that changed nothing, are removed; 7 or more.',
    '0: nothing is. Orders, payments, changes of state and alarms are never removed.',
  ],
  'engine.url': [
    'What calls the compensation job. local: a timer in each process. With several processes on one',
    'PostgreSQL a queue shares a backlog between them: redis://… (rediss://…), or postgres://… for one there.',
  ],
  'recharge.compensation_enabled': [
    'false stops the clock only: manual runs, checks and callbacks still work.',
  ],
  'recharge.compensation_interval_mins': [
    'Minutes between runs. Minutes may be fractions everywhere.',
  ],
  'recharge.compensation_threshold_mins': [
    'Orders younger than this are not queried, because their callback may still arrive.',
  ],
  'recharge.compensation_batch_size': ['At most this many orders in a run.'],
  'recharge.compensation_concurrency': ['Queries at a time.'],
  'recharge.compensation_recheck_mins': [
    'Minutes between queries of one order; the last one repeats.',
  ],
  'recharge.compensation_drain': [
    'true: a run that found a full batch is followed by others at once, within the quota.',
  ],
  'recharge.compensation_max_qps': [
    'Queries a second to the gateway, of all processes on one database together.',
  ],
  'recharge.order_ttl_mins': [
    'How long an order can be paid. WeChat Pay takes at most 15 days: 21600.',
  ],
  'recharge.adopt_prefixes': [
    'Numbers of other systems that may be adopted begin with one of these. Without: any may.',
  ],
  'recharge.adopt_attach': [
    'What the trade of an adopted order must carry in attach; {user_id} stands for its user.',
    'A trade that differs goes to review. Without: attach is not compared.',
  ],
  'reviews.four_eyes': [
    'true: a credit out of review, and a correction, needs a second person with a token of their own.',
  ],
  'events.keep_days': [
    'Days that published events (GET /v1/events) are kept for who reads them; 3 or more.',
  ],
  'wechat.base_url': ['https; http to this machine only (the simulator).'],
  'wechat.proxy_url': [
    'If WeChat Pay can be reached only through a proxy: http://USER:PASSWORD@HOST:PORT',
  ],
  'wechat.mch_id': ['The merchant number.'],
  'wechat.app_id': ['An app that is bound to it: orders are placed under this one.'],
  'wechat.app_ids': ['Further apps, under which other systems place orders that are adopted here.'],
  'wechat.serial_no': [
    "Of the merchant's API certificate: openssl x509 -noout -serial -in apiclient_cert.pem",
  ],
  'wechat.private_key_path': ['Paths are relative to the folder of this file.'],
  'wechat.private_key': ["The key itself, in the place of its file's path."],
  'wechat.api_v3_key': [
    '32 characters, set in the merchant console. Better in the environment: WECHAT_API_V3_KEY',
  ],
  'wechat.notify_url': [
    'Where WeChat Pay sends callbacks. Needed to place orders; not to adopt or check them.',
  ],
  'wechat.public_key_id': [
    "WeChat Pay's public key, both or neither. Neither: platform certificates, fetched and rotated.",
  ],
  'wechat.public_key_path': ['The file that is downloaded with that id.'],
  'wechat.public_key': ["The key itself, in the place of its file's path."],
  'wechat.timeout_ms': ['For one call to the gateway.'],
  'wechat.max_qps': [
    'Queries a second of this merchant alone. Without: recharge.compensation_max_qps.',
  ],
  'wechat.user_prefix': [
    'Stands before the ids of its users, which keeps the accounts of several merchants apart.',
  ],
  'proof.keys': [
    'Keys that each credit is proven by, so that an audit finds what was changed in the database behind',
    "budan's back. Without this section a key is made, and kept beside this file in budan-proof-keys.json.",
    'Keep a copy of them on another machine: without them no credit can be verified. All nodes need the same.',
    'Or in the environment: PROOF_KEYS, PROOF_KEYS_FILE (ID:SECRET).',
  ],
  alerts: [
    'Who is notified of what a person must know: group robots (wecom, dingtalk, feishu), a program (webhook),',
    'and a watchdog outside that is called after each run (heartbeat). Their urls are secrets.',
    'See docs/alerts.md; budan alerts test sends a message to each.',
  ],
  'log.level': ['trace, debug, info, warn, error, silent'],
  'log.format': ['json; pretty for people'],
}

const chinese: Comments = {
  'server.host': ['监听地址。超出本机（0.0.0.0）时必须设置 api_token。'],
  'server.port': ['0：任意空闲端口，serve 打印的那一行会写明。'],
  'server.api_token': [
    '调用 /v1 时以 Bearer 令牌携带，登录控制台也用它。它拥有全部权限；',
    '按人和程序分开、权限更小的令牌写在 server.tokens 里，见 docs/configuration.md。',
    '应是足够长的随机串：openssl rand -base64 24',
  ],
  'server.metrics_auth': ['true：访问 /metrics 需要带有 orders:read 权限的令牌。'],
  'server.sessions.hours': ['登录控制台后的有效时间，单位为小时。'],
  'server.trusted_proxies': [
    '前面的反向代理，写地址或 CIDR：[10.0.0.5, 10.1.0.0/16]。',
    '只有来自这些代理的请求，才以 X-Forwarded-For 里的地址为调用方地址。',
  ],
  'database.url': [
    '内嵌数据库，放在一个目录里：pglite:目录。生产环境：postgres://用户:密码@主机/库名',
  ],
  'database.retention_days': [
    '多少天后清理补单批次的记录，以及已结束订单中没有改动任何东西的事件；最少 7 天。',
    '0：不清理。订单、支付、状态变化和告警永不删除。',
  ],
  'engine.url': [
    '由谁触发补单任务。local：每个进程各自的定时器。多个进程共用一个 PostgreSQL 时，',
    '可用队列分担积压：redis://…（rediss://…），或用 postgres://… 把队列放在 PostgreSQL 里。',
  ],
  'recharge.compensation_enabled': ['false 只停掉定时：手动补单、立即查单和支付回调照常。'],
  'recharge.compensation_interval_mins': ['每隔多少分钟补单一次。凡是分钟数都可以带小数。'],
  'recharge.compensation_threshold_mins': [
    '创建不到这么多分钟的订单先等支付回调，不查。0：一律查。',
  ],
  'recharge.compensation_batch_size': ['一次补单最多处理多少个订单。'],
  'recharge.compensation_concurrency': ['同时进行的查单数。'],
  'recharge.compensation_recheck_mins': ['同一订单两次查单之间的分钟数；最后一个一直重复。'],
  'recharge.compensation_drain': ['true：取满一批后，在配额之内立即接着处理下一批。'],
  'recharge.compensation_max_qps': ['每秒向微信支付查询多少次；共用一个数据库的全部进程合计。'],
  'recharge.order_ttl_mins': ['订单多少分钟内可以支付。微信支付最多 15 天：21600。'],
  'recharge.adopt_prefixes': ['只有订单号以其中一项开头的其他系统订单才能导入。不设：不限。'],
  'recharge.adopt_attach': [
    '导入订单的交易在 attach 中必须携带的内容，{user_id} 代表该订单的用户。',
    '不一致的交易转人工处理。不设：不比对 attach。',
  ],
  'reviews.four_eyes': ['true：待处理订单的入账和订单更正，须由第二人用自己的令牌确认。'],
  'events.keep_days': ['对外事件（GET /v1/events）保留多少天供读取；最少 3 天。'],
  'wechat.base_url': ['须为 https；http 只能指向本机（模拟微信支付）。'],
  'wechat.proxy_url': ['只有经代理才能访问微信支付时填写：http://用户:密码@主机:端口'],
  'wechat.mch_id': ['商户号。'],
  'wechat.app_id': ['与商户号绑定的 AppID，下单用它。'],
  'wechat.app_ids': ['其他系统下单所用的其他 AppID，这些订单可导入本系统。'],
  'wechat.serial_no': ['商户 API 证书的序列号：openssl x509 -noout -serial -in apiclient_cert.pem'],
  'wechat.private_key_path': ['商户 API 私钥。相对路径以本文件所在的目录为准。'],
  'wechat.private_key': ['私钥本身，用来代替文件路径。'],
  'wechat.api_v3_key': [
    'APIv3 密钥，32 个字符，在商户平台设置。最好放在环境变量里：WECHAT_API_V3_KEY',
  ],
  'wechat.notify_url': ['支付回调的通知地址。下单需要它；导入、查询别处下的单不需要。'],
  'wechat.public_key_id': [
    '微信支付公钥，两项都填或都不填。都不填：使用平台证书，自动下载并轮换。',
  ],
  'wechat.public_key_path': ['与该公钥 ID 一同下载的文件。'],
  'wechat.public_key': ['公钥本身，用来代替文件路径。'],
  'wechat.timeout_ms': ['单次调用微信支付的超时，毫秒。'],
  'wechat.max_qps': ['本商户每秒最多查询多少次。不设：用 recharge.compensation_max_qps。'],
  'wechat.user_prefix': ['加在本商户的用户 ID 之前，使多个商户的账户互不相混。'],
  'proof.keys': [
    '用来证明每笔入账的密钥：有人绕开 budan 改动数据库时，可由审计查出。不写本节时会自动生成一把密钥，',
    '保存在本文件旁边的 budan-proof-keys.json 里。请在另一台机器上留存副本：没有密钥就无法核验入账；',
    '各节点须使用同样的密钥。也可以放在环境变量 PROOF_KEYS 或 PROOF_KEYS_FILE 里（ID:SECRET）。',
  ],
  alerts: [
    '需要人处理的情况通知谁：群机器人（wecom、dingtalk、feishu）、自己的程序（webhook），',
    '以及每次补单之后访问的外部监测（heartbeat）。这些 url 都是密钥。',
    '见 docs/alerts.zh-CN.md；budan alerts test 会逐个发送测试消息。',
  ],
  'log.level': ['trace、debug、info、warn、error、silent'],
  'log.format': ['json；pretty 便于人看'],
}

/** The lines before the first section, those above each key, and the sections `proof` and `alerts`. */
export const fileWordsOf = catalog({
  en: {
    ...{ head: englishHead, keys: english },
    proofExample: proofExample(
      'The first one proves, all verify. 32 characters or more: openssl rand -base64 32',
    ),
    alertsExample: alertsExample(
      'Or in the environment, by the name, which is the kind where none is given: ALERTS_WECOM_URL',
    ),
  },
  zh: {
    ...{ head: chineseHead, keys: chinese },
    proofExample: proofExample(
      '第一把用于新的入账，每一把都用于核验。至少 32 个字符：openssl rand -base64 32',
    ),
    alertsExample: alertsExample(
      '也可以放在环境变量里，变量名取自名称（不写名称时取类型）：ALERTS_WECOM_URL',
    ),
  },
})
