import type { PhraseSets } from '../phrases.ts'

/** The details of `readiness.ts` and of the engines, and the reasons of the breaker. */
export const readinessPhrases = {
  readiness: {
    'it does not answer: see the log': '没有应答，详见日志',
    'it is read-only: nothing can be credited': '只读，无法入账',
    'it has no room left: nothing can be credited': '空间已满，无法入账',
    'it takes no writes: {message}': '无法写入：{message}',
    'embedded: survives a crash of the process, not a power cut':
      '内嵌数据库：进程崩溃不丢数据，断电可能丢失',
    PostgreSQL: 'PostgreSQL',
    'a newer budan changed it ({names:words}): upgrade this one':
      '已被更新版本的 budan 改动（{names}），请升级本程序',
    'behind: {names:words}': '版本落后：{names}',
    'up to date': '已是最新',
    'newer than this budan, which can live with it: {names:words}':
      '比本程序新，但可以兼容：{names}',
    'questions go through': '查询正常',
    'runs are held back: {reason:breaker?}': '补单运行已暂停：{reason}',
    '{engine:engine}: {waiting:word} waiting, {active:word} active, {failed:word} failed':
      '{engine}：{waiting} 个等待，{active} 个执行中，{failed} 个失败',
    'warning: {engine:engine}': '注意：{engine}',
    'compensation_enabled is off: runs are made by hand':
      '已关闭 compensation_enabled：补单运行由人工发起',
    'the clock is stopped': '定时器已停止',
    'no run has finished yet': '还没有完成过补单运行',
    'last run {at:word}': '上次运行 {at}',
    'no run has finished yet: runs do not finish': '还没有完成过补单运行：运行未能结束',
    'last run {at:word}: runs do not finish': '上次运行 {at}：此后的运行未能结束',
  },
  engine: {
    'local: a timer of this process': '本地：本进程的定时器',
    'the clock is stopped': '定时器已停止',
    'queue on {server:word}': '{server} 队列',
    'the queue on {server:word} is away: each node keeps the slots by itself':
      '{server} 队列连不上：各节点各自按时运行',
  },
  breaker: {
    '401: our private key, serial number or clock is wrong': '401：我方私钥、证书序列号或时钟有误',
    '403: this merchant may not ask': '403：本商户无权查询',
    'answers are signed by a key that is not configured': '应答由未配置的公钥签名',
    'all {count:word} answers about known orders were "no such order": is the merchant number right?':
      '{count} 个应答全是“查无此单”：商户号对吗？',
    "none of {count:word} answers could be verified: is the gateway's public key right, and does no proxy strip headers?":
      '{count} 个应答全都验签不通过：微信支付公钥对吗？有没有代理去掉了请求头？',
    'all {count:word} answers about known orders were "no such order"':
      '已知订单的 {count} 个应答全是“查无此单”',
    'none of {count:word} answers could be verified': '{count} 个应答全都验签不通过',
  },
} as const satisfies PhraseSets
