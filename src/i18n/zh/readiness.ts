import type { PhraseSets } from '../phrases.ts'

/** The details of `health/readiness.ts` and of the engines, and the reasons of the breaker. */
export const readinessPhrases = {
  readiness: {
    'it does not answer: see the log': '没有应答，详见日志',
    'it has not answered within {secs:word} s: it is overloaded, or hangs':
      '{secs} 秒内没有应答：负载过高，或已失去响应',
    'it answers, but its tables cannot be read within {secs:word} s: they are locked, or it is overloaded':
      '有应答，但 {secs} 秒内读不到表：表被锁住，或负载过高',
    'it answers, but its tables cannot be read: see the log': '有应答，但读不到表，详见日志',
    'a write has not ended within {secs:word} s: a table is locked, or a standby is waited for':
      '{secs} 秒内写入没有完成：表被锁住，或在等待备库',
    'it is read-only: nothing can be credited': '只读，无法入账',
    'it has no room left: nothing can be credited': '空间已满，无法入账',
    'it takes no writes: {message}': '无法写入：{message}',
    'embedded: survives a crash of the process, not a power cut':
      '内嵌数据库：进程崩溃不丢数据，断电可能丢失',
    PostgreSQL: 'PostgreSQL',
    'a newer budan changed it ({names:words}): upgrade this one':
      '已被更新版本的 budan 改动（{names}），请升级本程序',
    'behind: {names:words}': '版本落后：{names}',
    'all but one step: {names:words} waits to be taken by hand': '只差一步：{names} 待手动应用',
    'up to date': '已是最新',
    'newer than this budan, which can live with it: {names:words}':
      '比本程序新，但可以兼容：{names}',
    'those of database, node and gateway agree': '数据库、本节点与支付渠道的时钟一致',
    'those of database and node agree; the time of the gateway is not known yet':
      '数据库与本节点的时钟一致；还不知道支付渠道的时间',
    'those of node and gateway agree': '本节点与支付渠道的时钟一致',
    'no order is closed meanwhile: {skew:skew}': '在此期间不关单：{skew}',
    'no order is closed meanwhile: {one:skew}; {two:skew}': '在此期间不关单：{one}；{two}',
    'no order is closed meanwhile: {one:skew}; {two:skew}; {three:skew}':
      '在此期间不关单：{one}；{two}；{three}',
    'queries go through': '查询正常',
    'endpoints take what is sent': '接收端正常',
    'warning: events wait, because endpoints take nothing: {names:words}':
      '注意：事件在等待，因为接收端无法接收：{names}',
    'warning: deliveries were given up, and can be sent again: {names:words}':
      '注意：有推送已放弃，可以重新推送：{names}',
    'warning: {doubt:answers}': '注意：{doubt}',
    'published events have their positions': '对外事件均已排定位置',
    'warning: {waiting:events}': '注意：{waiting}',
    'runs are held back: {reason:breaker?}': '补单已暂停：{reason}',
    '{engine:engine}: {waiting:word} waiting, {active:word} active, {failed:word} failed':
      '{engine}：{waiting} 个等待，{active} 个执行中，{failed} 个失败',
    'warning: {engine:engine}': '注意：{engine}',
    'compensation_enabled is off: runs are made by hand':
      '已关闭 compensation_enabled：补单由人工发起',
    'the clock is stopped': '定时器已停止',
    'none is open': '没有未关闭的异常单',
    '{count:word} open, {amount:word} at stake': '{count} 个未关闭，涉及 {amount}',
    'warning: {count:word} open, {sum:word} at stake': '注意：{count} 个未关闭，涉及 {sum}',
    'no run has finished yet': '还没有完成过补单',
    'last run {at:word}': '上次运行 {at}',
    'no run has finished yet: runs do not finish': '还没有完成过补单：运行未能结束',
    'last run {at:word}: runs do not finish': '上次运行 {at}：此后的运行未能结束',
  },
  events: {
    '1 published event waits for a position: feed and webhooks stand still, see the log':
      '1 个对外事件未排定位置：事件流和推送停滞，详见日志',
    '{count:word} published events wait for a position: feed and webhooks stand still, see the log':
      '{count} 个对外事件未排定位置：事件流和推送停滞，详见日志',
  },
  engine: {
    'local: a timer of this process': '本地：本进程的定时器',
    'the clock is stopped': '定时器已停止',
    'queue on {server:word}': '{server} 队列',
    'the queue on {server:word} is away: each node keeps the slots by itself':
      '{server} 队列连不上：各节点各自按时运行',
  },
  skew: {
    "the database's clock is {secs:word} s ahead of this node's":
      '数据库的时钟比本节点快 {secs} 秒',
    "the database's clock is {secs:word} s behind this node's": '数据库的时钟比本节点慢 {secs} 秒',
    "the gateway's clock is {secs:word} s ahead of this node's":
      '支付渠道的时钟比本节点快 {secs} 秒',
    "the gateway's clock is {secs:word} s behind this node's": '支付渠道的时钟比本节点慢 {secs} 秒',
    "the database's clock is {secs:word} s ahead of the gateway's":
      '数据库的时钟比支付渠道快 {secs} 秒',
    "the database's clock is {secs:word} s behind the gateway's":
      '数据库的时钟比支付渠道慢 {secs} 秒',
  },
  answers: {
    '{count:word} queries in a row had no valid answer: {cause:breaker}':
      '连续 {count} 次查询没有得到有效应答：{cause}',
    '{count:word} answers in a row were "no such order": is the merchant number right?':
      '连续 {count} 个应答都是“查无此单”：商户号对吗？',
  },
  breaker: {
    'there was none in time': '超时无应答',
    'no connection': '无法连接',
    'errors of the gateway (5xx)': '对方出错（5xx）',
    'too many requests (429)': '请求过多（429）',
    "they cannot be verified; is the gateway's public key right, and does no proxy strip headers?":
      '应答验签不通过；支付渠道的公钥对吗？有没有代理去掉了应答头？',
    'they cannot be verified; is the key right by which they are?':
      '应答验签不通过；验签用的密钥对吗？',
    'they are not of the expected shape': '应答无法理解',
    'they are refusals (4xx)': '被拒绝（4xx）',
    '{defect:breakerDefect}': '{defect}',
    "401: this machine's clock is more than 5 minutes from the gateway's":
      '401：本机时钟与支付渠道相差 5 分钟以上',
    '401: the serial number is not that of our private key, or not one of this merchant':
      '401：证书序列号与我方私钥不符，或不属于本商户',
    '403: this merchant may not query': '403：本商户无权查询',
    'this merchant may not query': '本商户无权查询',
    'the gateway does not accept our key or signature': '支付渠道不接受我方的密钥或签名',
    "this machine's clock is too far from the gateway's": '本机时钟与支付渠道相差过大',
    'all {count:word} answers about known orders were "no such order": the merchant number, or the gateway\'s address, is not the one that they were placed under':
      '已知订单的 {count} 个应答全是“查无此单”：商户号或支付渠道的地址不是下单时的那个',
    'none of {count:word} answers could be verified: {defect:breakerDefect}':
      '{count} 个应答全都验签不通过：{defect}',
    'none of {count:word} answers could be verified: they fail in several ways: see the timelines':
      '{count} 个应答全都验签不通过：原因不一，详见各订单的时间线',
    'all {count:word} answers about known orders were "no such order"':
      '已知订单的 {count} 个应答全是“查无此单”',
    'none of {count:word} answers could be verified': '{count} 个应答全都验签不通过',
  },
  breakerDefect: {
    'answers are signed by a key that is not configured': '应答由未配置的公钥签名',
    "their signature is not by the key that is configured as the gateway's":
      '签名与所配置的支付渠道的公钥不符',
    'they are not signed; a proxy on the way may strip headers':
      '应答没有签名，途中可能有代理去掉了应答头',
    'their signature headers are not whole; a proxy on the way may strip headers':
      '应答的签名头不完整，途中可能有代理去掉了应答头',
    'they are not signed': '应答没有签名',
    'their signature is not whole': '应答的签名不完整',
    "this machine's clock, or the gateway's, is wrong": '本机或支付渠道的时钟有误',
    "this machine's clock, or the gateway's, is more than 5 minutes off":
      '本机或支付渠道的时钟相差 5 分钟以上',
    'they are signature probes': '全是签名探测流量',
    'web pages come instead of answers; a firewall or proxy on the way answers for the gateway':
      '返回的是网页而不是应答，途中有设备代替支付渠道作答',
    "the merchant has no platform certificates, and the gateway's public key is not configured":
      '本商户没有平台证书，而支付渠道的公钥尚未配置',
    'the APIv3 key opens no platform certificate': 'APIv3 密钥解不开平台证书',
    'a platform certificate is not what the list of them says': '平台证书与证书列表所写的不一致',
  },
} as const satisfies PhraseSets
