import type { PhraseSets } from '../phrases.ts'
import { alertAdvice, alertDetails, alertPlaces } from './alerts.ts'

/** What the doctor finds, and the next step for each fault. */
export const doctorPhrases = {
  place: {
    ...alertPlaces,
    'source {name:word}': '订单来源 {name}',
    'webhook {name:word}': '接收端 {name}',
    '{check:place}: {merchant:word}': '{check}：{merchant}',
    configuration: '配置',
    'private key': '商户私钥',
    'serial number': '证书序列号',
    'app id': 'appid',
    'public key': '微信支付公钥',
    'api token': 'API 令牌',
    tokens: '令牌',
    'proof key': '证明密钥',
    'notify url': '回调地址',
    engine: '引擎',
    clock: '时钟',
    'database clock': '数据库时钟',
    gateway: '微信支付',
    proxy: '代理',
    answers: '应答验签',
    'APIv3 key': 'APIv3 密钥',
    database: '数据库',
    schema: '数据库结构',
    'database rights': '数据库权限',
  },
  finding: { ok: '正常', warn: '注意', fail: '错误' },
  detail: {
    ...alertDetails,
    '{url:word} answers': '{url} 有应答',
    '{url:word} cannot be reached: {why:sending}': '无法访问 {url}：{why}',
    '{table:word} has a status that the mapping does not name: {status:json}':
      '{table} 有列映射中没有的状态：{status}',
    '{table:word}: {count:word} points of the schema need a look':
      '{table}：表结构有 {count} 处需要留意',
    '{table:word} on {server:word} can be read': '可以读取 {server} 的 {table}',
    './budan.yaml or the environment': './budan.yaml 或环境变量',
    '{file}; others on this machine may read its secrets': '{file}；本机其他用户可以读取其中的密钥',
    '"{directory}" is not there yet': '“{directory}”尚不存在',
    'embedded, answers': '内嵌数据库，应答正常',
    'the user {user:json} is a superuser: who has its password can switch off the triggers that guard payments':
      '用户 {user} 是超级用户：知道其密码的人可以停用保护支付的触发器',
    'the user {user:json} owns the tables, their schema or the database: who has its password can switch off the triggers that guard payments':
      '用户 {user} 是数据表、其模式或数据库的所有者：知道其密码的人可以停用保护支付的触发器',
    'the user {user:json} lacks {rights}': '用户 {user} 缺少权限：{rights}',
    'the user {user:json} need not have {rights}': '用户 {user} 有多余的权限：{rights}',
    'the user {user:json} has what it needs, and no more': '用户 {user} 的权限恰好够用',
    '{server:word}, answers': '{server}，应答正常',
    'a newer budan changed it: {names:words}': '已被更新版本的 budan 改动：{names}',
    'all but one step: {names:words} waits for you': '只差一步：{names} 待手动应用',
    'local: nothing to reach': '本地：无需连接',
    '{server:word} cannot be used: {why:queue}; until then each node keeps the intervals by itself':
      '{server} 不可用：{why}；在此之前各节点各自按时运行',
    '{server:word} cannot be used: {why:silence?}; until then each node keeps the intervals by itself':
      '{server} 不可用：{why}；在此之前各节点各自按时运行',
    'every request goes through {proxy:word}': '所有请求都经过 {proxy}',
    '{name:word} is set, and budan does not follow it': '设置了 {name}，而 budan 不使用它',
    'agrees with this machine': '与本机一致',
    'agrees with this machine and the gateway': '与本机和微信支付一致',
    '{skew:skew}': '{skew}',
    '{one:skew}; {two:skew}': '{one}；{two}',
    '{url:word} did not give the time': '{url} 没有给出时间',
    '{seconds:word} s behind {url:word}': '比 {url} 慢 {seconds} 秒',
    '{seconds:word} s ahead of {url:word}': '比 {url} 快 {seconds} 秒',
    '{url:word} accepts our signature': '{url} 接受我方签名',
    'signed by a key that we hold': '由我方持有的公钥签名',
    'this one was not signed, so the certificates could not be tried':
      '这个应答没有签名，无法检验平台证书',
    'this one was not signed, so the public key "{id}" could not be tried':
      '这个应答没有签名，无法检验公钥“{id}”',
    '32 bytes, and it could not be tried: this merchant has no platform certificates':
      '32 字节，无法检验：本商户没有平台证书',
    '32 bytes, and it could not be tried: {why:gateway}': '32 字节，无法检验：{why}',
    'it opened the platform certificates': '已用它解密平台证书',
    'none: platform certificates are fetched and rotated': '未配置：自动获取并轮换平台证书',
    '{id:word}, RSA': '{id}，RSA',
    'RSA, {bits:word} bits': 'RSA，{bits} 位',
    'RSA, {bits:word} bits; others on this machine may read its file':
      'RSA，{bits} 位；本机其他用户可以读取该文件',
    '{serial:word}; no apiclient_cert.pem beside the key to compare it with':
      '{serial}；私钥旁没有 apiclient_cert.pem，无法核对',
    '{path} is not the certificate of this private key': '{path} 不是这个私钥的证书',
    '{path} is the certificate of merchant {theirs:word}, and {key:merchantKey} is {ours:word}':
      '{path} 是商户 {theirs} 的证书，而 {key} 是 {ours}',
    '{path} cannot be read as a certificate, so {serial:word} could not be compared with it':
      '{path} 无法作为证书读取，因此无法与 {serial} 核对',
    'its certificate begins on {at} only': '证书 {at} 才生效',
    '{serial:word} is not that of {path}, {other:word}': '{serial} 与 {path} 的序列号 {other} 不符',
    'its certificate ended on {at}': '证书已于 {at} 过期',
    'its certificate ends in {days:word} days': '证书将在 {days} 天后过期',
    '{serial:word}, that of the certificate beside the key': '{serial}，与私钥旁的证书一致',
    '{appId:word} does not look like one: wx and 16 hexadecimal digits':
      '{appId} 不像 appid：应为 wx 加 16 位十六进制数字',
    'none; only this machine can connect': '未设置；只有本机可以访问',
    'none; server.tokens has others': '未设置；`server.tokens` 里有其他令牌',
    '{id:word}, of proof.keys': '{id}，来自 `proof.keys`',
    '{id:word}, of proof.keys; to verify by also {ids:words}':
      '{id}，来自 `proof.keys`；另有用于核验的 {ids}',
    '{id:word}, made in {path}; each node that does not have this file makes its own':
      '{id}，自动生成在 {path}；没有这个文件的节点会各自生成一把',
    '{id:word}, made in {path}; without this file no credit can be verified':
      '{id}，自动生成在 {path}；没有这个文件就无法核验入账',
    'none, and {path} cannot be written: credits keep no proof':
      '没有，且无法写入 {path}：入账将没有证明',
    'none yet: `budan serve` makes one in {path}': '还没有：`budan serve` 会在 {path} 生成一把',
    'others on this machine may read {path}': '本机其他用户可以读取 {path}',
    'expired: {names}': '已过期：{names}',
    'none, and {host:word} can be reached from other machines':
      '未设置，而 {host} 可从其他机器访问',
    'weak: {length:word} characters, {different:word} different ones':
      '太弱：{length} 个字符，其中不同的有 {different} 个',
    '{length:word} characters': '{length} 个字符',
    'none: orders can be adopted, but not placed': '未设置：可以导入订单，不能下单',
    '{host:word} cannot be reached from the internet': '{host} 无法从互联网访问',
    'its path is {path:word}': '路径是 {path}',
  },
  step: {
    ...alertAdvice,
    'make new ones with budan token new, or take them out of server.tokens':
      '用 `budan token new` 生成新的，或把它们从 `server.tokens` 里去掉',
    'give all nodes the same key: in proof.keys, or as the value of PROOF_KEYS_FILE a copy of {path}':
      '请让所有节点使用同一把密钥：写在 `proof.keys` 里，或把 {path} 复制过去，由 `PROOF_KEYS_FILE` 指明',
    'keep a copy of {path} on another machine, and not with the backups of the database':
      '请在另一台机器上留存 {path} 的副本，并与数据库的备份分开存放',
    'set proof.keys, or PROOF_KEYS_FILE: docs/configuration.md says how':
      '请设置 `proof.keys` 或 `PROOF_KEYS_FILE`，见 docs/configuration.md',
    'set proof.keys, the same for all nodes, or PROOF_KEYS_FILE: docs/configuration.md says how':
      '请设置 `proof.keys` 或 `PROOF_KEYS_FILE`，所有节点相同，见 docs/configuration.md',
    'run `budan serve`, or set proof.keys': '运行 `budan serve`，或设置 `proof.keys`',
    'put a copy of that file back; where there is none, move it away: what it proved stays unverifiable':
      '请用副本恢复该文件；没有副本时把它移开，它证明过的入账将无法核验',
    'let the user that budan runs as read that file': '请让运行 budan 的用户能够读取该文件',
    'start it, or correct its url; then run `budan webhooks test {name:word}`':
      '请启动该服务，或更正它的 url，然后运行 `budan webhooks test {name}`',
    'see `budan sources` and docs/sources.md': '见 `budan sources` 和 docs/sources.md',
    'name each status under sources; docs/sources.md says what they mean':
      '请在 `sources` 中写明每个状态；含义见 docs/sources.md',
    'run `budan sources`: it says each, and how to mend it':
      '运行 `budan sources`，其中有每一处及解决办法',
    'run `budan migrate` or `budan serve`: both create it':
      '运行 `budan migrate` 或 `budan serve`，都会创建它',
    'nothing while `budan serve` runs; else end the other process that has it open':
      'budan 正在服务时无需处理；否则请结束占用它的另一个进程',
    'keep a copy of the directory as it is, and see what its cause says':
      '保留一份原样副本，再按上面的原因处理',
    'create such a database and put its url in database.url; operations.md says how to move':
      '新建这样的数据库，并填入 database.url；迁移方法见 operations.md',
    'see what the database says above, and its log': '查看上面数据库的说明，以及它的日志',
    'upgrade this budan': '升级本程序',
    'let serve use a role that owns nothing: `budan migrate --grants ROLE`; operations.md says how':
      '让 `serve` 使用一个不拥有任何对象的角色：`budan migrate --grants ROLE`；做法见 operations.md',
    'run `budan migrate --grants {role:word}` as the owner of the tables':
      '以数据表的所有者运行 `budan migrate --grants {role}`',
    'run `budan migrate --grants {role:word}` as the owner of the tables, and see what it has as a member of other roles, or as everybody (PUBLIC) has':
      '以数据表的所有者运行 `budan migrate --grants {role}`，并核查它作为其他角色的成员、或经 `PUBLIC` 得到的权限',
    'upgrade this budan when it suits': '方便时升级本程序',
    'run `budan migrate`': '运行 `budan migrate`',
    'once no process of the version before runs, run `budan migrate --breaking`':
      '待上一版本的进程全部停止后，运行 `budan migrate --breaking`',
    'see what {server:word} says above, and its log': '查看上面 {server} 的说明，以及它的日志',
    'set the clock by NTP: WeChat Pay refuses what is 5 minutes off':
      '用 NTP 校准时钟：相差 5 分钟微信支付即拒绝',
    'see "gateway" below: the clocks are compared once it answers':
      '见下面的“微信支付”：它有了应答才能比较时钟',
    'check an order that exists by the budan that runs: POST /v1/orders/{order_no}/check verifies its answer':
      '用正在运行的 budan 查询一个存在的订单：`POST /v1/orders/{order_no}/check` 会验证其应答',
    'compare {key:merchantKey} with the merchant console; the first callback shows whether it is the right one':
      '与商户平台核对 {key}；是否正确，收到第一个回调才知道',
    'set {key:merchantKey} to {theirs:word}, or take key and certificate of {ours:word}':
      '将 {key} 设为 {theirs}，或改用 {ours} 的私钥和证书',
    'put the certificate of the merchant console there, or take the file away':
      '在那里放上从商户平台下载的证书，或删除该文件',
    'set the clock of this machine': '校准本机时钟',
    'correct {host:word} in {key:merchantKey}': '改正 {key} 中的 {host}',
    'see to the DNS of this machine (resolv.conf)': '检查本机的 DNS（resolv.conf）',
    'correct host and port in {key:merchantKey}, or start what should listen there':
      '改正 {key} 中的主机和端口，或启动应在那里监听的程序',
    'see to the network: this machine has no route to {host:word}':
      '检查网络：本机没有通往 {host} 的路由',
    'let the firewall, and whatever else is on the way, pass connections to {host:word}':
      '让防火墙及途中其他设备放行到 {host} 的连接',
    'correct {key:merchantKey}: what answers at {url:word} is no WeChat Pay':
      '改正 {key}：{url} 的应答不是微信支付的',
    'correct {key:merchantKey}: at {url:word} is no WeChat Pay': '改正 {key}：{url} 不是微信支付',
    'have the proxy {proxy:word} lead to {host:word}, or correct {key:merchantKey}: no WeChat Pay is at the other end':
      '让代理 {proxy} 通到 {host}，或改正 {key}：另一端不是微信支付',
    'see what is between this machine and {host:word}: TLS must pass it unchanged':
      '查看本机与 {host} 之间的设备：TLS 须原样通过',
    'have what opens TLS on the way pass {host:word} unchanged, or name its CA in NODE_EXTRA_CA_CERTS':
      '让途中拆解 TLS 的设备原样放行 {host}，或用 NODE_EXTRA_CA_CERTS 指明其 CA 证书',
    'correct {key:merchantKey}: the certificate there is not for {host:word}':
      '改正 {key}：那里的证书不是发给 {host} 的',
    "compare this machine's clock; if it is right, {host:word} needs a new certificate":
      '核对本机时钟；若时钟无误，则 {host} 需要更换证书',
    'correct {key:merchantKey}, {proxy:word}, or start that proxy':
      '改正 {key}（{proxy}），或启动该代理',
    'correct user and password in {key:merchantKey}, {proxy:word}':
      '改正 {key}（{proxy}）中的用户名和密码',
    'have the proxy {proxy:word} allow CONNECT to {host:word}':
      '让代理 {proxy} 允许 CONNECT 到 {host}',
    'let the firewall or proxy on the way pass {host:word}: a web page came in the place of its answer':
      '让途中的防火墙或代理放行 {host}：返回的是网页而不是它的应答',
    'have what is on the way pass the headers that begin with Wechatpay-':
      '让途中的设备保留以 `Wechatpay-` 开头的应答头',
    'try again: WeChat Pay signs some answers wrong on purpose':
      '请再试：微信支付有时会故意返回错误的签名',
    'set {key:merchantKey} and public_key_path to the key of that id, from the merchant console':
      '将 {key} 和 public_key_path 设为商户平台上该 ID 的公钥',
    'compare {key:merchantKey} with the serial above and with the merchant console':
      '将 {key} 与上面的序列号、商户平台核对',
    'have what is on the way pass answers unchanged': '让途中的设备原样转发应答',
    'download the public key of {id:word} again from the merchant console, into {key:merchantKey}':
      '从商户平台重新下载 {id} 的公钥，存为 {key}',
    'set {key:merchantKey} and public_key_path: this merchant has no platform certificates':
      '设置 {key} 和 public_key_path：本商户没有平台证书',
    'set {key:merchantKey} to the one of the merchant console, or set a new one there and here':
      '将 {key} 设为商户平台上的密钥，或在两处都换成新的',
    'have what is on the way pass answers unchanged; if nothing is, report it to WeChat Pay':
      '让途中的设备原样转发应答；若途中没有设备，请告知微信支付',
    'see with curl whether {url:word} answers at all: if not, a firewall drops what is sent there; if it does, raise {key:merchantKey}':
      '用 `curl` 看 {url} 是否有应答：若没有，是防火墙丢弃了请求；若有，请调大 {key}',
    'take {key:merchantKey}, serial_no and private_key_path from one download of the merchant console: one of them is of another':
      '{key}、serial_no、private_key_path 须来自商户平台的同一次下载：其中有一项不是',
    'compare the keys of {section:merchantSection} with the merchant console':
      '与商户平台核对各个密钥：{section}',
    "try again in a minute: the fault is WeChat Pay's": '一分钟后再试：是微信支付的故障',
    'check {key:merchantKey}, and the way to {url:word}': '检查 {key}，以及到 {url} 的网络',
    'set the clock by NTP: no order is closed while they disagree, and WeChat Pay refuses what is 5 minutes off':
      '用 NTP 校准时钟：不一致期间不关单，相差 5 分钟微信支付即拒绝',
    "set the clock that is wrong by NTP, the database server's or this machine's: no order is closed while they disagree":
      '用 NTP 校准有误的时钟（数据库服务器或本机）：不一致期间不关单',
    'see "gateway" below': '见下面的“微信支付”',
    'check an order that exists: `budan check <order_no>` verifies its answer':
      '查询一个存在的订单：`budan check <order_no>` 会验证其应答',
    'check {key:merchantKey}, {proxy:word}, and that it may reach {url:word}':
      '检查 {key}（{proxy}），以及它能否访问 {url}',
    'set {key:merchantKey} if WeChat Pay can be reached through the proxy alone':
      '如果只有经代理才能访问微信支付，请设置 {key}',
    'compare {key:merchantKey} and app_id with the merchant console':
      '与商户平台核对 {key} 和 app_id',
    'try again in a minute; if it stays, lower compensation_max_qps':
      '一分钟后再试；若仍如此，请调低 compensation_max_qps',
    'try again in a minute; if it stays, lower {key:merchantKey}':
      '一分钟后再试；若仍如此，请调低 {key}',
    'chmod 600 {path}': 'chmod 600 {path}',
    'put both from one download of the merchant console together':
      '请使用商户平台同一次下载的证书和私钥',
    'set {key:merchantKey} to {serial:word}': '将 {key} 设为 {serial}',
    'apply for a new API certificate in the merchant console': '在商户平台申请新的 API 证书',
    'compare it with the one bound to the merchant in the console': '与商户平台绑定的 appid 核对',
    'set server.api_token: serve will not start without one':
      '设置 server.api_token：否则 serve 不会启动',
    'use a long random one, or serve will not start: openssl rand -base64 24':
      '换成足够长的随机串，否则 serve 不会启动：openssl rand -base64 24',
    'use a long random one: openssl rand -base64 24':
      '改用足够长的随机令牌：openssl rand -base64 24',
    'set {key:merchantKey} to https://YOUR-HOST{path:word}': '将 {key} 设为 https://你的域名{path}',
    'give an address that WeChat Pay can reach': '换成微信支付可以访问的地址',
    'make sure that a proxy maps it to {path:word}, body and headers unchanged':
      '确认代理会将其转到 {path}，且不改动请求体和请求头',
    'name a file that can be read with --config, or have `budan init` write one':
      '用 --config 指明可读的文件，或用 `budan init` 写一个',
    'mend line {line:word} of {file}': '修正 {file} 第 {line} 行',
    'correct the file: docs/configuration.md lists what it may contain':
      '修正该文件：可写的内容见 docs/configuration.md',
    'set what is missing, in the file or the environment; `budan init` prompts for it and writes a file':
      '在文件或环境变量中补上；`budan init` 会逐项询问并写出文件',
    'set {key:merchantKey}, in the file or the environment': '在文件或环境变量中设置 {key}',
    'correct the name {name:word}, or take it out': '改正名称 {name}，或将其删除',
    'correct {name:word}: docs/configuration.md says what it takes':
      '改正 {name}：可填的值见 docs/configuration.md',
    'correct {key:merchantKey}: docs/configuration.md says what it takes':
      '改正 {key}：可填的值见 docs/configuration.md',
    'correct the name {key:merchantKey}, or take it out': '改正名称 {key}，或将其删除',
    "compare {key:merchantKey} with the merchant console; if it is right, give the message to WeChat Pay's support":
      '与商户平台核对 {key}；若无误，请将该信息提供给微信支付客服',
    'Next steps:': '下一步：',
    '{nth:word}. {step:step}': '{nth}. {step}',
  },
} as const satisfies PhraseSets
