import type { PhraseSets } from '../phrases.ts'

/** What `--help` says of commands and options. */
export const helpPhrases = {
  help: {
    'Every paid order is credited, exactly once, even when the payment callback was lost.':
      '已支付的订单都会入账，且只入账一次，即使支付回调丢失。',
    'configuration file (default: ./budan.yaml where there is one)':
      '配置文件（默认：有 ./budan.yaml 时用它）',
    'results as JSON, in the shapes of the HTTP API': '以 JSON 输出结果，格式与 HTTP API 相同',
    'prompt for what is needed, check it, and write a commented budan.yaml':
      '逐项询问所需配置，检查后写出带注释的 budan.yaml',
    'the merchant number': '商户号',
    'send a test message to each configured alert, and show what is answered':
      '向每个已配置的告警接收方发送测试消息，并显示应答',
    'only this one of the configured alerts': '只发给这一个',
    'make a token for a person or a program, and its line for server.tokens':
      '为人员或程序生成令牌，并给出写入 server.tokens 的那一行',
    'whose token it is, such as wang.li': '令牌属于谁，如 wang.li',
    'of a person': '人员的角色',
    'of a program, such as orders:read,orders:place': '程序的权限，如 `orders:read,orders:place`',
    'a date, like 2027-01-31, or a time of RFC 3339':
      '到期时间：日期，如 2027-01-31，或 RFC 3339 时间',
    'endpoints that events are sent to: list them, test one, or send a span again':
      '接收事件的接收端：列出、测试其中一个，或重新推送一段时间内的事件',
    'of the endpoint': '接收端的名称',
    'replay: events from then on; a date, or a time of RFC 3339':
      '`replay`：从何时起的事件；日期，或 RFC 3339 时间',
    'replay: only these, such as order.paid,order.refunded':
      '`replay`：只推送这些类型，如 `order.paid,order.refunded`',
    'deliveries of events to endpoints, newest first, or send one again':
      '向接收端的推送，最新的在前；或重新推送其中一个',
    'of the delivery, such as dlv_42': '推送的编号，如 `dlv_42`',
    'only of this endpoint': '只列出这个接收端的',
    'only of events about this order': '只列出与这个订单有关的',
    'whose order, where several merchants have its number': '多个商户有同一订单号时，指明商户',
    'an app that is bound to it': '与商户号绑定的 appid',
    'apiclient_key.pem of the merchant': '商户的 apiclient_key.pem',
    "serial of the merchant's certificate, or its file": '商户 API 证书的序列号，或证书文件',
    "id of WeChat Pay's public key; without: certificates": '微信支付公钥 ID；不填则用平台证书',
    "WeChat Pay's public key": '微信支付公钥',
    'where WeChat Pay sends callbacks': '接收支付回调的地址',
    'pglite:DIRECTORY or postgres://… (default: pglite:./data)':
      'pglite:目录 或 postgres://…（默认：pglite:./data）',
    'of the gateway, such as that of a simulator': '支付渠道的地址，例如模拟器的地址',
    'check afterwards whether the gateway takes the keys': '写好后向支付渠道验证密钥',
    'overwrite a file that is there': '覆盖已有的文件',
    'On a terminal, init prompts for what is not given; elsewhere a missing value is an error. Values may\nalso come from the environment, by the names of the configuration (WECHAT_MCH_ID). The secrets,\nWECHAT_API_V3_KEY and SERVER_API_TOKEN (default: a new one), come from there or are typed, and so\nshould a database url with a password.':
      '没有给出的，在终端上会逐项询问，否则报告缺少。也可以用环境变量给出，名称与配置相同\n（如 WECHAT_MCH_ID）；机密项 WECHAT_API_V3_KEY 和 SERVER_API_TOKEN（默认：新生成）\n只能来自环境变量，或在询问时输入；带密码的数据库 url 也应如此。',
    'print a script that completes commands and options in a shell':
      '输出 shell 脚本，用于补全命令和选项',
    'runs, one after the other within the quota, until nothing is due':
      '在配额之内连续补单，直到没有到期待查的订单',
    'serve the HTTP API and callbacks, and run the compensation job':
      '提供 HTTP API、接收支付回调，并定时补单',
    'one run of the compensation job, then exit': '补单一批，然后退出',
    'a role of the database that gets the rights which serve needs':
      '数据库中的一个角色，获得 `serve` 所需的权限',
    'also the steps for which no process of the version before may run':
      '同时应用不容许上一版本进程运行的步骤',
    'query the gateway and show what would happen; change nothing':
      '只向支付渠道查询并说明会怎样处理，不做任何改动',
    'take over orders that another system placed, from a CSV file; may be repeated':
      '从 CSV 文件导入其他系统下的订单，可重复执行',
    'columns as in the HTTP API; the amount as amount_fen or amount_yuan':
      '列名同 HTTP API；金额列为 amount_fen（分）或 amount_yuan（元）',
    'query the gateway about one order now, and settle': '立即向支付渠道查询一个订单，并据此处理',
    "bring the database's schema up to date": '将数据库结构更新到最新',
    'one order and its timeline': '查看一个订单及其时间线',
    'orders, newest first': '列出订单，最新的在前',
    'only these': '只列出这些',
    'only this user’s': '只列出该用户的订单',
    'whose orders these are, where several merchants are configured':
      '配置了多个商户时，这些订单属于哪一个',
    'only this merchant’s': '只列出该商户的订单',
    'the page after: next_cursor of the page before': '下一页：填上一页的 next_cursor',
    'what budan publishes, oldest first, as GET /v1/events answers with it':
      '列出对外事件，最早的在前，内容同 GET /v1/events',
    'only what came behind it: next_cursor of the page before':
      '只列出其后的事件：填上一页的 next_cursor',
    'only these, such as order.paid,order.expired': '只列出这些类型，如 order.paid,order.expired',
    'go on with each event as it comes, until Ctrl+C': '持续输出新事件，直到按 Ctrl+C',
    "verify every credit against the gateway's signature and the seals, too":
      '同时用支付渠道的签名和封签核验每一笔入账',
    'instead seal what nodes of a version before proofs have left, as it is':
      '改为按现状给不留证明的旧版本节点留下的订单和入账加封签',
    'count what breaks an invariant; exit 1 unless all is 0':
      '账目自检：统计破坏不变式的数据；不全为 0 时以 1 退出',
    "list what was paid and not credited in the shop's own tables; change nothing":
      '核查商家自己的订单表，列出已支付而未入账的订单；不做任何改动',
    'only this one of the configured sources': '只针对这一个订单来源',
    "show how the shop's own tables are understood, and what reading them costs":
      '显示 budan 如何理解商户自己的订单表，以及读取的代价',
    'print the table that crediting there will need, with the rights as comments':
      '只输出以后在商户库中入账所需的建表语句，权限写在注释里',
    'how old a row may be (default: as configured, or 16)':
      '只核查最近若干天创建的行（默认：按配置，或 16）',
    'write the list to a file for spreadsheets, too': '同时将结果写入 CSV 文件，可用表格软件打开',
    'keep there how far it has come, and go on from there': '把核查进度保存在该文件，并从中继续',
    'say what is wrong with configuration, keys, clock, gateway and database':
      '检查配置、密钥、时钟、支付渠道和数据库，指出问题',
    'orders that wait for a person, oldest first': '列出待人工处理的订单，最早的在前',
    'where money and books differ, newest first; or close one that is looked after':
      '列出资金与账目不一致之处，最新的在前；或关闭已处理的异常单',
    'of the exception to close': '要关闭的异常单编号',
    'whether they are open': '是否未关闭',
    'only those of this number': '只列出该单号的',
    'with close: what was done about it': '与 `close` 连用：做了什么处理',
    'those that were dismissed, in the place of the queue': '改为列出已办结（无需入账）的订单',
    'query the gateway, show what can be done with an order in review, or do it':
      '向支付渠道查询后，处理一个待人工处理的订单',
    'give up an order that the gateway never accepted': '放弃一个支付渠道从未受理的订单',
    'if the gateway says that it was paid exactly as ordered': '支付渠道确认已按订单支付时，入账',
    'if its trade is closed, or can be closed now': '交易已关闭或现在可以关闭时，设为已关单',
    'out of the queue, only when its payer is owed nothing':
      '不欠付款人任何款项时，办结（无需入账）',
    'who answers for it': '操作人',
    'why, for the readers of the timeline': '原因，写入时间线供日后查阅',
    'carry it out without confirmation': '不再询问，直接执行',
    'a WeChat Pay of your own to try budan against, with made-up money':
      '本地模拟的微信支付，用假钱试用 budan',
    'loopback address to listen on': '监听的本机回环地址',
    'where its merchant and keys are kept': '存放模拟商户及密钥的目录',
    'a second address of the same gateway, to try failing over to':
      '同一模拟器的第二个地址，用于试验切换',
    'equal seeds make equal chances': '种子相同，随机结果相同',
    'what its answers are signed with': '用什么签名应答',
    'compare downloaded bills with an export of your orders: what was not credited?':
      '用下载的账单核对导出的订单：哪些没有入账？',
    'trade bills of the gateway, plain or gzip': '支付渠道的交易账单，可为 gzip',
    'CSV of your orders': '订单的 CSV 文件',
    'YAML with the names of its columns and the meaning of its statuses':
      'YAML 文件，写明列名与各状态的含义',
    'write all findings to this file': '把全部差异写入这个文件',
    "Reads these files alone: no configuration, no key, no database, no network. Exit code 0: both agree on\nall that could be judged; 3: they differ; 2: a file, a row or a bill's totals cannot be judged.":
      '只读取这些文件：不需要配置、密钥、数据库和网络。退出码 0：在能核对的范围内一致；3：不一致；2：有文件、行或账单合计无法核对。',
    'simulator and budan together: orders with many outcomes, each ending as expected':
      '演示：模拟微信支付与 budan 一起运行，各种情形的订单都得到应有的结局',
    'keep the service running afterwards': '演示结束后保持服务运行',
    'a whole number from {min:word} to {max:word}': '{min} 到 {max} 的整数',
    'a number from {min:word} to {max:word}': '{min} 到 {max} 的数',
  },
} as const satisfies PhraseSets
