import type { PhraseSets } from '../phrases.ts'

const secretFile = {
  'the file {path:json}': '文件 {path}',
  'the file that it names': '它所指的文件',
} as const

/** What is wrong with a configuration, or with an option of the command line that is one like it. */
export const configPhrases = {
  configuration: {
    '{key:word}: {fault:fault}': '{key}：{fault}',
    '{key:word} ({name:word}): {fault:fault}': '{key}（{name}）：{fault}',
    'wechat ({name:word}): {fault:fault}': '`wechat`（{name}）：{fault}',
    '{key:merchantKey}: {fault:fault}': '{key}：{fault}',
    '{key:merchantKey} ({name:word}): {fault:fault}': '{key}（{name}）：{fault}',
    '{file} line {line:word}: {fault:syntax}': '{file} 第 {line} 行：{fault}',
    '{file}: too big for a configuration': '{file}：文件太大，不像是配置',
    '{file}: a value that starts with * must be quoted': '{file}：以 * 开头的值须加引号',
    '{file}: must hold sections, like "server:"': '{file}：须由若干节组成，如 "server:"',
    'Cannot read configuration "{file}": {why:unreadable}': '无法读取配置“{file}”：{why}',
    '--config: is empty: give the path of a file': '--config：是空的，请给出文件路径',
    '--dir: is empty: give the path of a directory': '--dir：是空的，请给出目录路径',
    '--cursor: is not one that this list gave': '--cursor：不是本列表给出的',
    '--after: is not one that this list gave': '--after：不是本列表给出的',
    '--name: needs one of --credit, --expire and --dismiss':
      '--name：须与 --credit、--expire、--dismiss 之一同用',
    '--reason: needs one of --credit, --expire and --dismiss':
      '--reason：须与 --credit、--expire、--dismiss 之一同用',
    '--yes: needs --seal-old': '--yes：须与 --seal-old 同用',
    '--yes: needs one of --credit, --expire and --dismiss':
      '--yes：须与 --credit、--expire、--dismiss 之一同用',
    '--{option:word}: is needed with --{action:word}': '--{option}：使用 --{action} 时必须给出',
    '--host: {value:json} is not a loopback address': '--host：{value} 不是本机回环地址',
    '{option:word}: {rule:rule}': '{option}：{rule}',
  },
  damagedKeys: {
    'it is too big': '太大',
    'it is not JSON': '不是 JSON',
    'it is not {"keys":[{"id":"…","secret":"…"}]}': '不是 `{"keys":[{"id":"…","secret":"…"}]}`',
    'it has an id or a secret twice, or more than 100 keys':
      '有重复的 `id` 或 `secret`，或超过 100 把密钥',
  },
  fault: {
    'not set, and there is no terminal to prompt on': '没有设置，且当前不是终端，无法询问',
    'not given (nor is {name:word}), and there is no terminal to prompt on':
      '没有给出（也没有设置 {name}），且当前不是终端，无法询问',
    'is there already: give --force to overwrite it': '已存在：加上 --force 才会覆盖',
    '{path:json} is a directory': '{path} 是目录',
    'Cannot read certificate {path:json}': '无法读取证书 {path}',
    '{path:json} is not the certificate of this private key': '{path} 不是这个私钥的证书',
    '{serial:word} is not that of {path}, {right:word}': '{serial} 与 {path} 的序列号 {right} 不符',
    'is wrong': '有误',
    'unknown section': '未知的节',
    'unknown key': '未知的键',
    'unknown environment name': '未知的环境变量名',
    '{what:fault}; did you mean {name:word}?': '{what}；是否想写 {name}？',
    'must hold keys, like "key: value"': '须由键值组成，如 "key: value"',
    'must be a single value, not a list or a mapping': '须为单个值，不能是列表或映射',
    'is empty: give a value or leave the key out': '是空的：请给出值，或去掉这个键',
    '{value:shown} is not a plain number': '{value} 不是普通数字',
    '{value:shown} is not a whole number': '{value} 不是整数',
    '{value:shown} is below the least, {min:word}': '{value} 低于下限 {min}',
    '{value:shown} is above the most, {max:word}': '{value} 高于上限 {max}',
    '{value:shown} is below the least, {min:word} ({note:note})':
      '{value} 低于下限 {min}（{note}）',
    '{value:shown} is above the most, {max:word} ({note:note})': '{value} 高于上限 {max}（{note}）',
    '{value:shown} is neither true nor false': '{value} 既不是 true 也不是 false',
    '{value:shown} is not one of {choices:words}': '{value} 不在可选值之中：{choices}',
    '{value:shown} is not a host name or IP': '{value} 不是主机名或 IP',
    'must be a list of app ids, like [wx0123…]': '须为 appid 列表，如 [wx0123…]',
    'is a list of more than 100 app ids': '列表超过 100 个 appid',
    'must be a list of beginnings, like [SHOP-]': '须为订单号开头的列表，如 [SHOP-]',
    'is an empty list: give at least one beginning, or leave the key out':
      '是空列表：请至少给出一个开头，或去掉这个键',
    'is a list of more than 100 beginnings': '列表超过 100 项',
    '{value:shown} begins no order number: 1 to 32 of 0-9 A-Z a-z _ - | *':
      '{value} 不能作订单号的开头：1 到 32 个字符，只含 0-9 A-Z a-z _ - | *',
    '{value:shown} must hold {mark:word}': '{value} 须含有 {mark}',
    '{value:shown} is longer than 128 characters': '{value} 超过 128 个字符',
    'must be a list of addresses, like [10.0.0.0/8]': '须为地址列表，如 [10.0.0.0/8]',
    'is a list of more than 100 addresses': '列表超过 100 个地址',
    '{value:shown} is not an IP address or a CIDR, like 10.0.0.0/8':
      '{value} 不是 IP 地址或 CIDR（如 10.0.0.0/8）',
    '{value:shown} is everybody: name your own proxies': '{value} 包括所有人：请只写自己的反向代理',
    'is the one of the example, which everybody knows: make one with openssl rand -base64 24':
      '是示例里的令牌，人人都知道：请用 openssl rand -base64 24 生成一个',
    'has {count:word} characters: where other machines can try, 32 are needed; make one with openssl rand -base64 24':
      '只有 {count} 个字符：其他机器能够访问时至少需要 32 个；请用 openssl rand -base64 24 生成一个',
    'is not random: where other machines can try, it has to be; make one with openssl rand -base64 24':
      '不是随机串：其他机器能够访问时必须随机；请用 openssl rand -base64 24 生成一个',
    '{value:shown} is not a URL': '{value} 不是 URL',
    '{value:shown} is not https': '{value} 不是 https',
    'must not carry a user name or password': '不能带有用户名或密码',
    '{value:shown} must be https (http is for loopback addresses only)':
      '{value} 须为 https（只有本机回环地址可用 http）',
    '{value:shown} must not have a query string': '{value} 不能带查询参数',
    '{value:shown} must not have a fragment': '{value} 不能带片段',
    '{value:shown} must not have a path': '{value} 不能带路径',
    '{value:shown} is longer than 255 characters': '{value} 超过 255 个字符',
    'must be a list of minutes, like [5, 5, 10]': '须为分钟数的列表，如 [5, 5, 10]',
    'is an empty list: give at least one wait': '是空列表：请至少给出一个等待时间',
    'must be a list, like "- id: k1"': '须为列表，例如 `- id: k1`',
    'is an empty list: give at least one key, or leave the key out':
      '是空列表：请至少给出一把密钥，或去掉这个键',
    'is a list of more than {count:word} keys': '列表超过 {count} 把密钥',
    '{value:shown} is the id of another key as well': '{value} 与另一把密钥的 `id` 相同',
    'is the secret of key {id:shown} as well': '与密钥 {id} 的 `secret` 相同',
    '{value:shown} is no id of a key: 1 to 32 of 0-9 A-Z a-z _ -':
      '{value} 不能作密钥的 `id`：1 到 32 个字符，只含 0-9 A-Z a-z _ -',
    'a value of {length:word} characters is no id of a key: 1 to 32 of 0-9 A-Z a-z _ -':
      '{length} 个字符的值不能作密钥的 `id`：1 到 32 个字符，只含 0-9 A-Z a-z _ -',
    'is the one of the docs, which everybody knows: make one with openssl rand -base64 32':
      '是文档里的密钥，人人都知道：请用 `openssl rand -base64 32` 生成一个',
    'a value of {length:word} characters is no secret of a key, which has {min:word} or more: make one with openssl rand -base64 32':
      '{length} 个字符的值太短，密钥至少需要 {min} 个字符：请用 `openssl rand -base64 32` 生成一个',
    'not set, and no key was made here: --seal-old needs the key of the nodes':
      '没有设置，这里也没有自动生成的密钥：--seal-old 需要各节点所用的密钥',
    'it is not of the form ID:SECRET': '不是 `ID:SECRET` 的形式',
    'part {number:word} is not of the form ID:SECRET': '第 {number} 项不是 `ID:SECRET` 的形式',
    '{path:json} is damaged, {why:damagedKeys}: put a copy of it back; a new key would verify no credit of before':
      '{path} 已损坏，{why}：请用副本恢复它；换一把新密钥无法核验以前的入账',
    'Cannot read the keys of proofs in {path:json}: {why:unreadable}':
      '无法读取 {path} 中的证明密钥：{why}',
    'it is not JSON': '不是 JSON',
    'it is not {"keys":[{"id":"…","secret":"…"}]}': '不是 `{"keys":[{"id":"…","secret":"…"}]}`',
    'it has an id or a secret twice, or more than 100 keys':
      '有重复的 `id` 或 `secret`，或超过 100 把密钥',
    'must be a list of scopes, like [orders:read]': '须为权限的列表，如 `[orders:read]`',
    'must be a list, like "- name: backend"': '须为列表，例如 `- name: backend`',
    'is an empty list: give at least one scope': '是空列表：请至少给出一项权限',
    'give either a role or scopes': '请给出 `role` 或 `scopes`，两者只能有一个',
    'give either a role or scopes: --role {roles:word}, or --scopes {scopes:word}':
      '请给出角色或权限，两者只能有一个：`--role {roles}`，或 `--scopes {scopes}`',
    'is a list of more than {count:word} tokens': '列表超过 {count} 个令牌',
    '{value:shown} is the name of another token as well': '{value} 与另一个令牌重名',
    'is the hash of token {name:shown} as well': '与令牌 {name} 的哈希相同',
    '{value:shown} is a name that budan itself uses': '{value} 是 budan 自己使用的名称',
    'a value of {length:word} characters is no SHA-256, which has 64 hexadecimal digits: give the line that budan token new printed':
      '{length} 个字符的值不是 SHA-256（64 位十六进制数字）：请使用 `budan token new` 打印的那一行',
    '{value:shown} is neither a date, like 2027-01-31, nor a time like 2027-01-31T08:00:00+08:00':
      '{value} 既不是日期（如 2027-01-31），也不是时间（如 2027-01-31T08:00:00+08:00）',
    '{value:shown} must not hold control characters or lone surrogates':
      '{value} 不能含有控制字符或残缺字符',
    '{value:shown} must have {min:word} to {max:word} characters, not blanks alone':
      '{value} 须有 {min} 到 {max} 个字符，不能只有空白',
    'none was set at the start: restart the service': '启动时没有设置令牌：请重启服务',
    'none is set any more: restart the service': '不再有令牌：请重启服务',
    'is a list of more than 100 waits': '列表超过 100 项',
    '{value:shown} is not a merchant number: digits only': '{value} 不是商户号：只能是数字',
    '{value:shown} is not an app id, like wx0123…': '{value} 不是 appid（形如 wx0123…）',
    "{value:shown} is a certificate's serial number, not a public key id: it starts with PUB_KEY_ID_":
      '{value} 是证书序列号，不是公钥 ID：公钥 ID 以 PUB_KEY_ID_ 开头',
    'a value of 32 characters has {bytes:word} bytes, because some are not ASCII: an APIv3 key has 32':
      '32 个字符的值有 {bytes} 字节，因为其中有非 ASCII 字符：APIv3 密钥应为 32 字节',
    'a value of {bytes:word} bytes is not an APIv3 key, which has 32: take its quotes away':
      '{bytes} 字节的值不是 APIv3 密钥，应为 32 字节：请去掉引号',
    '{value:shown} is not a public key id: it starts with PUB_KEY_ID_':
      '{value} 不是公钥 ID：应以 PUB_KEY_ID_ 开头',
    "{value:shown} is a public key's id: this is the serial of the merchant's certificate":
      '{value} 是公钥 ID：这里要填商户 API 证书的序列号',
    '{value:shown} is not a serial number: hex digits only':
      '{value} 不是序列号：只能是十六进制数字',
    'a value of {bytes:word} bytes is not an APIv3 key, which has 32':
      '{bytes} 字节的值不是 APIv3 密钥，应为 32 字节',
    'a value of {length:word} characters is not the path of a file (is it the key itself?)':
      '{length} 个字符的值不是文件路径（是密钥本身吗？）',
    'a value of {length:word} characters has a blank or one beyond ASCII, which no header carries':
      '{length} 个字符的值含有空白或非 ASCII 字符，无法放进请求头',
    'a value of {length:word} characters is longer than 512': '{length} 个字符的值超过 512 个字符',
    '"pglite:" names no directory, like pglite:./data': '"pglite:" 没有指明目录，如 pglite:./data',
    '{parameter:parameter} is not done by budan, which takes {values:words}':
      'budan 不支持{parameter}，只支持 `{values}`',
    '{parameter:parameter} is not done by budan: {instead:instead}':
      'budan 不支持{parameter}：{instead}',
    'its parameter {name:word} is known to no client of PostgreSQL':
      'PostgreSQL 的客户端没有参数 `{name}`',
    'its parameter {name:word} is known to no client of PostgreSQL; did you mean {near:word}?':
      'PostgreSQL 的客户端没有参数 `{name}`；是否想写 `{near}`？',
    'it has a parameter that no client of PostgreSQL knows':
      '其中有 PostgreSQL 的客户端都没有的参数',
    '{parameter:parameter} verify-ca needs sslrootcert, the file of the CA':
      '{parameter}为 `verify-ca` 时，需要用 `sslrootcert` 指明 CA 证书文件',
    '{parameter:parameter} needs sslmode=verify-full':
      '{parameter}需要同时写 `sslmode=verify-full`',
    '{parameter:parameter} needs TLS: write sslmode=verify-full':
      '{parameter}需要 TLS：请写 `sslmode=verify-full`',
    '{parameter:parameter} needs sslkey, the file of its key':
      '{parameter}需要用 `sslkey` 指明其私钥文件',
    '{parameter:parameter} needs sslcert, the file of its certificate':
      '{parameter}需要用 `sslcert` 指明其证书文件',
    'it has not as many ports as hosts': '端口数与主机数不符',
    'is not a URL (a password may need percent-encoding)': '不是 URL（密码可能需要百分号编码）',
    '{value:shown} is not a database: pglite:DIRECTORY, postgres://… or postgresql://…':
      '{value} 不是数据库：应为 pglite:目录、postgres://… 或 postgresql://…',
    '{value:shown} is not an engine: local, redis://…, rediss://…, postgres://… or postgresql://…':
      '{value} 不是引擎：应为 local、redis://…、rediss://…、postgres://… 或 postgresql://…',
    'names no host: redis://HOST:PORT/DATABASE': '没有指明主机：redis://主机:端口/库号',
    'must not have a query string': '不能带查询参数',
    'names no database of Redis: 0 to 15, or left out': '没有指明 Redis 库号：0 到 15，或不填',
    'names no directory after "pglite:", but what may hold a password':
      '"pglite:" 之后不是目录，而可能含有密码',
    '{chosen:json} holds no database, but {beside:json} does; {rule:pathRule}. Give the whole path: {one} to go on with that one, {new} to begin a new one':
      '{chosen} 里没有数据库，而 {beside} 里有；{rule}。请写出完整路径：{one} 沿用已有的，{new} 新建一个',
    'is empty, or no text: leave it out': '是空的或不是文本：请不要填',
    'given together with {other:word} ({name:word}): give one of them':
      '与 {other}（{name}）同时给出：只能给出其中一个',
    'a value of {length:word} characters is in quotes: take its quotes away':
      '{length} 个字符的值带有引号：请去掉引号',
    '{file:secretFile} is a bundle (PKCS#12), and not the PEM file that comes with it':
      '{file}是 PKCS#12 证书包，不是随附的 PEM 文件',
    'given together with secret: give one of them': '与 `secret` 同时给出：只能给出其中一个',
    'given together with {other:word}: give one of them': '与 {other} 同时给出：只能给出其中一个',
    '{file:secretFile} is too big to hold one value': '{file}太大，不像是单个值',
    'is empty: give the path of a file': '是空的，请给出文件路径',
    'is not a proxy: http://HOST:PORT or https://HOST:PORT':
      '不是代理：应为 http://主机:端口 或 https://主机:端口',
    'must have a host and a port, and nothing behind them: http://HOST:PORT':
      '须有主机和端口，其后不能有别的内容：http://主机:端口',
    'a value of {length:word} characters is not a key in PEM form (for a file give its path, as …_path)':
      '{length} 个字符的值不是 PEM 格式的密钥（如果是文件，请用 …_path 给出路径）',
    'not set': '没有设置',
    'not set: give the merchant, or a gateway of your own':
      '没有设置：请给出商户，或提供自己实现的支付渠道',
    '{value:shown} is not an app id: wx and 16 hexadecimal digits':
      '{value} 不是 appid：应为 wx 加 16 位十六进制数字',
    'not set (nor is {name:word})': '没有设置（也没有设置 {name}）',
    'not set, but {key:word} ({name:word}) is: give both or neither':
      '没有设置，但设置了 {key}（{name}）：请都给出，或都不给',
    'not set, and server.host ({name:word}) {host:json} can be reached from other machines: set a token, or listen on 127.0.0.1':
      '没有设置，而 server.host（{name}）为 {host}，其他机器可以访问：请设置令牌，或只监听 127.0.0.1',
    'not set, but {key:word} is: give both or neither':
      '没有设置，但设置了 {key}：请都给出，或都不给',
    'not set, and server.host {host:json} can be reached from other machines: set a token, or listen on 127.0.0.1':
      '没有设置，而 server.host {host} 可从其他机器访问：请设置令牌，或改为监听 127.0.0.1',
    '{key:key}': '{key}',
    "the key is the public half of the merchant's own private key: give WeChat Pay's public key, downloaded from the merchant console":
      '这是商户自己私钥的公钥：请使用从商户平台下载的微信支付公钥',
  },
  /** Of an address of PostgreSQL, or the variable of the environment that stands for it. */
  parameter: { 'its {name:word}': '参数 `{name}` ', '{name:word}': '环境变量 `{name}` ' },
  instead: {
    'take it out': '请去掉',
    'write into the url what the service says': '请把 `service` 的内容写进 url',
    'write the password into the url': '请把密码写进 url',
    'write it as the host': '请把它写成主机',
  },
  /** As `shown` prints a value. */
  shown: {
    '{value:json}': '{value}',
    'a key of {length:word} characters': '{length} 个字符的密钥',
    'a value of {length:word} characters': '{length} 个字符的值',
  },
  note: {
    '0 keeps everything': '0 表示全部保留',
    'WeChat Pay keeps no order open for longer than 15 days': '微信支付订单最长 15 天',
  },
  syntax: {
    'a key is given twice': '有一个键给出了两次',
    'the key "{key:word}" is given twice': '键“{key}”给出了两次',
    'a tab is used to indent; YAML takes blanks only': '用了制表符缩进；YAML 只能用空格',
    'a second document starts here; one is all that is read': '这里开始了第二个文档；只读取一个',
    'a value that starts with ! must be quoted': '以 ! 开头的值须加引号',
    'a value that starts with @ or ` must be quoted': '以 @ 或 ` 开头的值须加引号',
    'a closing quote or bracket, or a comma or colon, is missing': '缺少右引号、右括号、逗号或冒号',
    'a backslash in double quotes starts no known escape; use single quotes':
      '双引号内的反斜杠不是已知的转义；请用单引号',
    'wrong indentation, or a value with ": " in it that must be quoted':
      '缩进有误，或含有 ": " 的值没有加引号',
    'a key is not a plain word': '键不是普通的词',
    'it is not valid YAML ({what})': '不是有效的 YAML（{what}）',
  },
  unreadable: {
    'no such file': '没有这个文件',
    'it is a link that leads nowhere': '是一个失效的链接',
    'no such file: a part of its path is a file, and not a directory':
      '没有这个文件：路径中有一段是文件，不是目录',
    'its links lead in a circle': '链接成环',
    'its name is too long': '名称过长',
    'this process has too many files open (ulimit -n)': '本进程打开的文件过多（`ulimit -n`）',
    'this machine has too many files open': '本机打开的文件过多',
    'its disk is mounted read-only': '所在磁盘以只读方式挂载',
    'its disk is full': '磁盘已满',
    "this user's quota of the disk is used up": '当前用户的磁盘配额已用完',
    'its disk cannot be read': '磁盘读取出错',
    'its disk is not there any more': '所在磁盘已不存在',
    'permission denied': '没有读取权限',
    'it is a directory': '是一个目录',
    'it cannot be read': '读取失败',
    'it cannot be read ({code:word})': '读取失败（{code}）',
    'it is not UTF-8 text': '不是 UTF-8 文本',
  },
  key: {
    'Cannot read {key:keyName}: {why:unreadable}': '无法读取{key}：{why}',
    '{key:keyName} is a certificate: give apiclient_key.pem':
      '{key}是证书：请使用 apiclient_key.pem',
    '{key:keyName} is a public key: give apiclient_key.pem':
      '{key}是公钥：请使用 apiclient_key.pem',
    '{key:keyName} is encrypted: store it without a passphrase':
      '{key}有密码保护：请存为无密码的文件',
    '{key:keyName} is not a private key in PEM form': '{key}不是 PEM 格式的私钥',
    "{key:keyName} is a certificate: give WeChat Pay's public key, downloaded from the merchant console":
      '{key}是证书：请使用从商户平台下载的微信支付公钥',
    "{key:keyName} is a private key: give WeChat Pay's public key, downloaded from the merchant console":
      '{key}是私钥：请使用从商户平台下载的微信支付公钥',
    '{key:keyName} is not a public key in PEM form': '{key}不是 PEM 格式的公钥',
    '{key:keyName} is too big to be a key': '{key}文件太大，不像是密钥',
    '{key:keyName} is a request for a certificate: give apiclient_key.pem':
      '{key}是证书请求：请使用 apiclient_key.pem',
    '{key:keyName} is a key of SSH: none for WeChat Pay': '{key}是 SSH 密钥，不能用于微信支付',
    '{key:keyName} is a key of PuTTY: none for WeChat Pay': '{key}是 PuTTY 密钥，不能用于微信支付',
    '{key:keyName} is empty': '{key}是空的',
    '{key:keyName} is in quotes: take its quotes away': '{key}带有引号：请去掉引号',
    '{key:keyName} is UTF-16 text: save it as UTF-8': '{key}是 UTF-16 文本：请另存为 UTF-8',
    '{key:keyName} is {what:derKind} in DER form: turn it into PEM by openssl {command}':
      '{key}是 DER 格式的{what}：请用 `openssl {command}` 转为 PEM',
    '{key:keyName} is in DER form, and opens neither as a key nor as a certificate':
      '{key}是 DER 格式，但既不是密钥也不是证书',
    '{key:keyName} is a bundle (PKCS#12), and not the PEM file that comes with it':
      '{key}是证书包（PKCS#12），不是随附的 PEM 文件',
    '{key:keyName} has no line -----BEGIN …-----: it is the middle of a key alone':
      '{key}没有 -----BEGIN …----- 这一行：只有密钥的中间部分',
    '{key:keyName} is not in PEM form: it has no line -----BEGIN …-----':
      '{key}不是 PEM 格式：没有 -----BEGIN …----- 这一行',
    '{key:keyName} is cut off: its line -----END …----- is missing':
      '{key}不完整：缺少 -----END …----- 这一行',
    '{key:keyName} has nothing between its first and its last line': '{key}首行与末行之间是空的',
    '{key:keyName} has lost its line ends': '{key}的换行丢失了',
    '{key:keyName} has characters that are no Base64': '{key}含有非 Base64 字符',
    '{key:keyName} is damaged: its first and last line are there, and it opens as no key':
      '{key}已损坏：首行和末行都在，但解不出密钥',
    '{key:keyName} is {kind:word}, not RSA': '{key}是 {kind}，不是 RSA',
    '{key:keyName} has {bits:word} bits, fewer than {min:word}':
      '{key}只有 {bits} 位，少于 {min} 位',
  },
  derKind: {
    'a private key': '私钥',
    'a public key': '公钥',
    'a certificate': '证书',
  },
  pathRule: {
    'a path is relative to the file that names it': '路径以写有它的文件所在目录为准',
    'a path in the environment is relative to the working directory':
      '环境变量里的路径以当前目录为准',
  },
  secretFile,
  keyName: {
    ...secretFile,
    'the key': '密钥',
    'private key {path:json}': '私钥 {path}',
    'public key {path:json}': '公钥 {path}',
  },
} as const satisfies PhraseSets
