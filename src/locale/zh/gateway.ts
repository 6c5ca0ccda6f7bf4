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
    'Cannot read the certificates': '无法读取平台证书',
    'Cannot open platform certificate "{serial}": the APIv3 key does not fit':
      '无法解密平台证书“{serial}”：APIv3 密钥不符',
    'the answer is about another payment': '应答说的是另一笔支付',
    'the order belongs to {theirs}, and this budan asks for {ours}':
      '订单属于 {theirs}，本 budan 查询的是 {ours}',
    'most answers of the run were "no such order": not believed':
      '本次运行多数应答为“查无此单”，故不采信',
  },
  attempt: attempts,
  silence: {
    'the HTTP {status:word} answer cannot be verified, {flaw:flaw}':
      'HTTP {status} 应答验签不通过，{flaw}',
    'the HTTP {status:word} answer is not what was asked for':
      'HTTP {status} 应答的内容不是所查询的',
    'no wechat.notify_url is configured': '没有配置 wechat.notify_url',
    'no place in the quota ({trouble:store?})': '取不到查询配额（{trouble}）',
    'no place in the quota in time': '未能及时等到查询配额',
    'no place in the quota in time ({trouble:store?})': '未能及时等到查询配额（{trouble}）',
    'few questions about old orders are answered, and others came first':
      '旧订单的查询次数有限，其他订单在前',
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
  flaw: {
    'it is not signed': '没有签名',
    'its signature headers are not complete': '签名头不完整',
    'its signature is not Base64': '签名不是 Base64',
    'its signature is wrong': '签名错误',
    'its timestamp is {seconds:word} s old': '时间戳已过去 {seconds} 秒',
    'its timestamp is {seconds:word} s ahead': '时间戳超前 {seconds} 秒',
    'it is a signature probe': '是签名探测流量',
    'it is signed by none of its certificates': '不是由其中任何一张证书签名',
    'no key is held for serial "{serial}"': '没有序列号为“{serial}”的公钥',
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
    'Cannot verify the callback: {flaw:flaw}': '支付回调验签不通过：{flaw}',
    'Cannot read the callback: it is no notification': '无法读取支付回调：不是通知报文',
    'Cannot read the callback: its resource is incomplete': '无法读取支付回调：resource 不完整',
    'Cannot read the callback: its resource is no trade': '无法读取支付回调：resource 不是交易',
    'Cannot decrypt the callback: the APIv3 key does not fit': '无法解密支付回调：APIv3 密钥不符',
    'Cannot use a callback of type "{type}": only "TRANSACTION.SUCCESS"':
      '不处理类型为“{type}”的回调，只处理“TRANSACTION.SUCCESS”',
    'Cannot use a refund of merchant {theirs:words}: this is {ours:word}':
      '退款通知属于商户 {theirs}，本商户是 {ours}',
    'Cannot use a callback of a trade that is "{state}"': '不处理交易状态为“{state}”的回调',
    'no order "{orderNo}" here': '这里没有订单“{orderNo}”',
  },
} as const satisfies PhraseSets
