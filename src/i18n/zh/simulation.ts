import type { PhraseSets } from '../phrases.ts'

/** What the demo and the simulator print. */
export const simulationPhrases = {
  simulation: {
    'simulator is ready at {url:word}': '模拟微信支付已就绪：{url}',
    'Its second address is {url:word}.': '第二个地址是 {url}。',
    'Its control interface is {url:word}; seed {seed}, signing {signing:word}.':
      '控制接口是 {url}；种子 {seed}，签名方式 {signing}。',
    'Start budan against it: `budan serve --config {file}`':
      '用它启动 budan：`budan serve --config {file}`',
    "The simulator's control interface is {url:word}. Ctrl+C ends both.":
      '模拟微信支付的控制接口是 {url}。按 Ctrl+C 结束两者。',
    'To paste into budan.yaml:': '可粘贴到 budan.yaml 的配置：',
    'Cannot keep the merchant in {directory:json}: {why:keeping}':
      '无法将商户保存到 {directory}：{why}',
    'Cannot listen on "{address}": {why:listening?}': '无法监听“{address}”：{why}',
    'Cannot read simulated merchant "{path}": {why}': '无法读取模拟商户“{path}”：{why}',
    'Starting a simulated WeChat Pay and budan on a new embedded database':
      '正在启动模拟微信支付，以及使用全新内嵌数据库的 budan',
    'Placing orders over the HTTP API': '正在通过 HTTP API 下单',
    'The job runs; callbacks come, or do not': '补单任务运行中；支付回调有的到达，有的丢失',
    'orders: {count:word}, ended as expected: {right:word}, in {runs:word} runs':
      '订单 {count} 个，结局相符 {right} 个，补单 {runs} 批',
    'taken for them {taken:word}, credited {credited:word}': '收款 {taken}，入账 {credited}',
    'audit: {counts}': '账目自检：{counts}',
    "What the shop's backend has not got yet is sent again": '商城后端尚未收到的通知会重发',
    "the shop's backend received: {counts}; {repeated:word} again":
      '商城后端收到：{counts}；重复 {repeated} 次',
    'it credited {orders:word} orders once each, {credited:word}':
      '商城后端入账 {orders} 单，每单一次，合计 {credited}',
    'all is well, after {seconds:word} s': '一切正常，用时 {seconds} 秒',
    'NOT ALL IS WELL, after {seconds:word} s': '有不正常之处，用时 {seconds} 秒',
    'as expected': '相符',
    'WRONG: expected {status:status}': '错误：应为{status}',
    'Cannot place an order: {why}': '无法下单：{why}',
    'Cannot find a free port': '找不到空闲端口',
    'Order "{orderNo}" is gone': '订单“{orderNo}”已不存在',
  },
  keeping: {
    'it is a file': '它是文件',
    'no such file': '没有这个文件',
    'permission denied': '没有权限',
    'it is a directory': '它是目录',
    'it cannot be read': '读取失败',
    'it cannot be read ({code:word})': '读取失败（{code}）',
  },
  scenario: {
    'paid, callback arrives': '已支付，回调到达',
    'paid, callback arrives twice': '已支付，回调到达两次',
    'paid, callback with a forged signature, nothing else': '已支付，只来了伪造签名的回调',
    'paid, callback lost': '已支付，回调丢失',
    'paid, callback lost, gateway answers 503 for a while':
      '已支付，回调丢失，支付渠道一度返回 503',
    'paid, callback lost, gateway hangs for a while': '已支付，回调丢失，支付渠道一度无响应',
    'paid between the last query and the close': '在最后一次查询与关单之间支付',
    'never paid': '一直未支付',
    'closed elsewhere': '已在别处关单',
    'paid, callback lost, then refunded': '已支付，回调丢失，随后退款',
    'paid, ¥0.01 short': '已支付，少付 ¥0.01',
  },
} as const satisfies PhraseSets
