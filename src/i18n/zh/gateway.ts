import type { PhraseSets } from '../phrases.ts'

const attempts = {
  'query order "{orderNo}"': '查询订单“{orderNo}”',
  'query transaction "{transactionId}"': '查询微信支付订单“{transactionId}”',
  'close order "{orderNo}"': '关闭订单“{orderNo}”',
  'place order "{orderNo}"': '下单“{orderNo}”',
  probe: '探测微信支付',
  'fetch the platform certificates': '获取平台证书',
}

/** Why the gateway gave no answer that counts: the messages of `UnknownAnswer`, and of callbacks. */
export const gatewayPhrases = {
  gateway: {
    'Cannot {attempt:attempt}: {why:silence?}': '无法{attempt}：{why}',
    "Cannot {attempt:attempt}: {why}. This merchant has none: configure WeChat Pay's public key":
      '无法{attempt}：{why}。本商户没有平台证书，请配置微信支付公钥',
    'Cannot read the certificates: the answer is no list of them':
      '无法读取平台证书：应答不是证书列表',
    'Cannot use platform certificate "{serial}": {why:damaged}':
      '无法使用平台证书“{serial}”：{why}',
    'Cannot open platform certificate "{serial}": the APIv3 key does not fit':
      '无法解密平台证书“{serial}”：APIv3 密钥不符',
    'the answer is about another payment': '应答说的是另一笔支付',
    'the order belongs to {theirs}, and this budan queries for {ours}':
      '订单属于 {theirs}，本 budan 查询的是 {ours}',
    'most answers of the run were "no such order": not believed':
      '本次运行多数应答为“查无此单”，故不采信',
  },
  damaged: {
    'it was changed on the way: the APIv3 key opens the others':
      '途中被改动：APIv3 密钥能解开其余的证书',
    'what the APIv3 key opened is no certificate': '用 APIv3 密钥解开的内容不是证书',
    'its own serial number is another one, {serial:word}': '其自身的序列号是另一个：{serial}',
    'its key is {kind:word}, not RSA': '其密钥是 {kind}，不是 RSA',
  },
  attempt: attempts,
  silence: {
    'the HTTP {status:word} answer cannot be verified, {defect:defect}':
      'HTTP {status} 应答验签不通过，{defect}',
    'the HTTP {status:word} answer is not of the expected shape':
      'HTTP {status} 应答的内容不是所查询的',
    "{why}; this machine's clock is {seconds:word} s behind the gateway's":
      '{why}；本机时钟比微信支付慢 {seconds} 秒',
    "{why}; this machine's clock is {seconds:word} s ahead of the gateway's":
      '{why}；本机时钟比微信支付快 {seconds} 秒',
    '{why}, a web page instead of an answer': '{why}：返回的是网页，不是应答',
    'no such host is known ({system:silence?})': '没有这个主机名（{system}）',
    'no DNS server answers ({system:silence?})': 'DNS 服务器没有应答（{system}）',
    'nobody listens there ({system:silence?})': '那里没有程序在监听（{system}）',
    'no way leads there ({system:silence?})': '没有通往那里的路由（{system}）',
    'it takes no connection in time ({system:silence?})': '未能及时建立连接（{system}）',
    'no answer in time ({system:silence?})': '未及时应答（{system}）',
    'its answer is too long ({system:silence?})': '应答过长（{system}）',
    'the connection was cut ({system:silence?})': '连接被切断（{system}）',
    'what answers there speaks no HTTP ({system:silence?})': '对方说的不是 HTTP（{system}）',
    'what answers there speaks no TLS ({system:silence?})': '对方说的不是 TLS（{system}）',
    'its certificate is for others ({system:silence?})': '它的证书是发给其他主机名的（{system}）',
    'its certificate has ended ({system:silence?})': '它的证书已过期（{system}）',
    'its certificate has not begun ({system:silence?})': '它的证书尚未生效（{system}）',
    'nobody whom this machine trusts vouches for its certificate ({system:silence?})':
      '本机信任的机构都没有签发它的证书（{system}）',
    'TLS failed ({system:silence?})': 'TLS 失败（{system}）',
    'this machine lets this process open no more connections ({system:silence?})':
      '本机不允许本进程再打开连接（{system}）',
    'something on the way sends a page of its own before it gets a request':
      '途中有设备在收到请求之前就发来自己的网页',
    'what answers there speaks before it gets a request': '对方在收到请求之前就发来数据',
    'the gateway was stopped': '支付渠道已停用',
    'the proxy opens no tunnel in time': '代理未能及时建立隧道',
    'the proxy cannot be had: {why:silence}': '连不上代理：{why}',
    'no wechat.notify_url is configured': '没有配置 wechat.notify_url',
    'the rate limiter failed ({trouble:store?})': '限流器出错（{trouble}）',
    'rate limit: no slot before the deadline': '限流：未能及时等到查询配额',
    'rate limit: no slot before the deadline ({trouble:store?})':
      '限流：未能及时等到查询配额（{trouble}）',
    'rate limit for old orders: no slot now': '旧订单限流：现在没有配额',
    'its caller ended it': '已被调用方取消',
    'no answer in time': '未及时应答',
    'no answer within {ms:word} ms': '{ms} 毫秒内没有应答',
    'the connection failed': '连接失败',
    'the proxy wants other credentials (407): see wechat.proxy_url':
      '代理要求其他用户名和密码（407）：见 wechat.proxy_url',
    'the proxy does not let it through ({status:word})': '代理不予放行（{status}）',
    'other side closed': '对方断开了连接',
    'connect ECONNREFUSED {address}': '连接被拒绝（ECONNREFUSED {address}）',
    'connect ETIMEDOUT {address}': '连接超时（ETIMEDOUT {address}）',
    'connect EHOSTUNREACH {address}': '主机不可达（EHOSTUNREACH {address}）',
    'connect ENETUNREACH {address}': '网络不可达（ENETUNREACH {address}）',
    'read ECONNRESET': '连接被重置（ECONNRESET）',
    'write EPIPE': '连接已断开（EPIPE）',
    'getaddrinfo ENOTFOUND {host}': '找不到主机（ENOTFOUND {host}）',
    'getaddrinfo EAI_AGAIN {host}': '域名暂时无法解析（EAI_AGAIN {host}）',
  },
  defect: {
    'it is not signed': '没有签名',
    'it is not signed: it is a web page': '没有签名：是一个网页',
    'its signature headers are not complete': '签名头不完整',
    'its signature is not Base64': '签名不是 Base64',
    'its signature is wrong': '签名错误',
    'its timestamp is {seconds:word} s old': '时间戳已过去 {seconds} 秒',
    'its timestamp is {seconds:word} s ahead': '时间戳超前 {seconds} 秒',
    'it is a signature probe': '是签名探测流量',
    'it is signed by none of its certificates': '不是由其中任何一张证书签名',
    'no key is held for serial "{serial}"': '没有序列号为“{serial}”的公钥',
    'no key is held for serial "{serial}": it is a public key, and none is configured':
      '没有序列号为“{serial}”的公钥：它是微信支付公钥，而没有配置公钥',
    'no key is held for serial "{serial}": it is a public key, and "{ours}" is configured':
      '没有序列号为“{serial}”的公钥：它是微信支付公钥，而配置的是“{ours}”',
    'the certificate of serial "{serial}" ended on {day:word}, by this machine\'s clock':
      '按本机时钟，序列号为“{serial}”的证书已于 {day} 过期',
    'the certificate of serial "{serial}" begins on {day:word} only, by this machine\'s clock':
      '按本机时钟，序列号为“{serial}”的证书 {day} 才生效',
    'no key is held for serial "{serial}" ({why:gateway?})':
      '没有序列号为“{serial}”的公钥（{why}）',
  },
  seenNote: {
    'bytes that are not UTF-8 are shown as �': '不是 UTF-8 的字节显示为 �',
    'control characters in texts are shown as blanks': '文本中的控制字符显示为空格',
    '{name:word} cut to {kept:word} of {all:word} characters':
      '{name} 过长：共 {all} 个字符，只保留前 {kept} 个',
    '{name:word} holds what cannot be stored: it is shown as �':
      '{name} 含无法保存的字符，显示为 �',
    '{name:word} dropped: no number that is exact': '{name} 已略去：数值不精确',
    '{name:word} dropped: a list': '{name} 已略去：是数组',
    '{name:word} dropped: an object': '{name} 已略去：是对象',
    '{name:word} dropped: no object': '{name} 已略去：不是对象',
    '{name:word} not used: no RFC 3339 time of the years 2000 to 2099':
      '{name} 未采用：不是 2000 至 2099 年间的 RFC 3339 时间',
    "{name:word} not used: more than a day ahead of the gateway's clock":
      '{name} 未采用：比微信支付的时钟超前一天以上',
  },
  callback: {
    'Cannot verify the callback: {defect:defect}': '支付回调验签不通过：{defect}',
    'Cannot read the callback: it is no notification': '无法读取支付回调：不是通知报文',
    'Cannot read the callback: its resource is incomplete': '无法读取支付回调：resource 不完整',
    'Cannot read the callback: its resource is no trade': '无法读取支付回调：resource 不是交易',
    'Cannot decrypt the callback: the APIv3 key does not fit': '无法解密支付回调：APIv3 密钥不符',
    'Cannot use a callback of type "{type}": only "TRANSACTION.SUCCESS"':
      '不处理类型为“{type}”的回调，只处理“TRANSACTION.SUCCESS”',
    'Cannot use a payment of merchant {theirs:word}: this is {ours:word}':
      '不处理商户 {theirs} 的支付：这里是 {ours}',
    'Cannot use a refund of merchant {theirs:words}: this is {ours:word}':
      '退款通知属于商户 {theirs}，本商户是 {ours}',
    'Cannot use a callback of a trade that is "{state}"': '不处理交易状态为“{state}”的回调',
    'no order "{orderNo}" here': '这里没有订单“{orderNo}”',
  },
} as const satisfies PhraseSets
