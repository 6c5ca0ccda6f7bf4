import type { PhraseSets } from '../phrases.ts'

/** Endpoints of webhooks: what became of attempts, and what the commands print. */
export const webhookPhrases = {
  sending: {
    'it answered {status:word}: redirects are not followed, give the address that they lead to':
      '应答 {status}：不跟随重定向，请改为最终地址',
    'it answered {status:word}: too many requests': '应答 {status}：请求过多',
    'it answered {status:word}': '应答 {status}',
    'it gave no answer in {ms:word} ms': '{ms} 毫秒内没有应答',
    'it took no connection in {ms:word} ms': '{ms} 毫秒内没有建立连接',
    'it closed the connection': '对方关闭了连接',
    'budan is stopping': 'budan 正在停止',
    'it takes no connection in time': '没有及时建立连接',
    '{cause:sendingCause} ({code:word})': '{cause}（{code}）',
    '{host:word} leads to {address:word}, which {why:reachFault}':
      '{host} 指向 {address}，该地址{why}',
    '{address:word} {why:reachFault}': '{address} {why}',
    'its endpoint is not in the configuration any more': '接收端已不在配置中',
    '{cause:sendingCause}': '{cause}',
  },
  sendingCause: {
    'no such host is known': '找不到这个主机',
    'no DNS server answers': '没有 DNS 服务器应答',
    'nobody listens there': '该地址没有服务在监听',
    'no way leads there': '网络不可达',
    'the connection was cut': '连接被切断',
    'it sent 100 Continue, which was not requested': '对方发来请求未要求的 `100 Continue`',
    'the headers of its answer are too long': '应答头太长',
    'what answers there speaks no HTTP': '对方不是 HTTP 服务',
    'it speaks no TLS': '对方不是 TLS 服务',
    'its certificate is for another name': '证书属于其他域名',
    'its certificate has expired': '证书已过期',
    'its certificate is not valid yet': '证书尚未生效',
    'nobody whom this machine trusts vouches for its certificate: NODE_EXTRA_CA_CERTS takes an own CA':
      '证书的签发机构不受本机信任；自有 CA 用 NODE_EXTRA_CA_CERTS 给出',
    'TLS failed': 'TLS 握手失败',
    'this machine lets this process open no more connections': '本进程打开的连接已达上限',
    'the connection failed': '连接失败',
  },
  reachFault: {
    'is an address of cloud metadata, link-local, multicast or none at all':
      '是云主机元数据、链路本地或组播地址，或不是可用的地址',
    'is a public address, which takes https': '是公网地址，须用 https',
    'is no address': '没有地址',
  },
  webhook: {
    '{total:word} deliveries are due again so far': '到目前为止，{total} 个推送将重新发送',
    '{total:word} deliveries are due again': '{total} 个推送将重新发送',
    '{id:word} is due again for {endpoint:word}': '{id} 将重新发送到 {endpoint}',
    'Cannot find delivery {id:json}': '找不到推送 {id}',
    'Cannot find the endpoint {name:json}: it is not configured here':
      '找不到接收端 {name}：这里没有配置',
    'test: say of which': '`test`：请指明是哪一个',
    'replay: say of which': '`replay`：请指明是哪一个',
    '--since: give a date, like 2027-01-31, or a time of RFC 3339':
      '--since：请给出日期，如 2027-01-31，或 RFC 3339 时间',
  },
} as const satisfies PhraseSets

/** What the store does with deliveries, as its failures name it. */
export const webhookActions = {
  'note the endpoints': '登记接收端',
  'claim deliveries for {endpoint:json}': '领取发往 {endpoint} 的推送',
  'record deliveries for {endpoint:json}': '记录发往 {endpoint} 的推送',
  'release deliveries': '放回推送',
  'read the state of endpoints': '读取接收端的状态',
  'list deliveries': '列出推送',
  'find delivery {id:word}': '查找推送 {id}',
  'replay delivery {id:word}': '重新发送推送 {id}',
  'replay events for {endpoint:json}': '向 {endpoint} 重新发送事件',
  'end deliveries without an endpoint': '结束没有接收端的推送',
} as const

/** Faults of keys under `webhooks:`, for the set of all such faults. */
export const webhookFaults = {
  'is a list of more than 50 endpoints': '列表超过 50 个接收端',
  '{value:shown} is the name of another endpoint as well': '{value} 与另一个接收端重名',
  '{value:shown} is no name of an endpoint: 1 to 32 of a-z 0-9 -, the first a letter':
    '{value} 不能作接收端的名称：须为 1 到 32 个 a-z 0-9 -，以字母开头',
  'must be a list, like [whsec_new, whsec_old]': '须为列表，例如 `[whsec_new, whsec_old]`',
  'is an empty list: give at least one secret': '是空列表：至少给出一个密钥',
  'is a list of more than 5 secrets': '列表超过 5 个密钥',
  'must be a list of types, like [order.paid]': '须为类型的列表，例如 `[order.paid]`',
  'is an empty list: give at least one type, or leave the key out':
    '是空列表：至少给出一个类型，或删去该键',
  'a value of {length:word} characters does not begin with whsec_: make one with echo "whsec_$(openssl rand -base64 32)"':
    '{length} 个字符的值不以 `whsec_` 开头：可用 `echo "whsec_$(openssl rand -base64 32)"` 生成',
  'a value of {length:word} characters is not whsec_ and base64: make one with echo "whsec_$(openssl rand -base64 32)"':
    '{length} 个字符的值不是 `whsec_` 加 base64：可用 `echo "whsec_$(openssl rand -base64 32)"` 生成',
  'has {bytes:word} bytes, and needs 24 to 64: make one with echo "whsec_$(openssl rand -base64 32)"':
    '有 {bytes} 字节，须为 24 到 64 字节：可用 `echo "whsec_$(openssl rand -base64 32)"` 生成',
  'not set: make one with echo "whsec_$(openssl rand -base64 32)"':
    '没有设置：可用 `echo "whsec_$(openssl rand -base64 32)"` 生成',
  '{value:shown} leads to an address of cloud metadata, link-local, multicast or none at all':
    '{value} 指向云主机元数据、链路本地或组播地址，或不是可用的地址',
  'is longer than {max:word} characters': '超过 {max} 个字符',
  '{value:shown} must be https (http is for loopback and private addresses)':
    '{value} 须为 https（http 只能用于本机和私有地址）',
} as const
