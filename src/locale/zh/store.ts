import type { PhraseSets } from '../phrases.ts'

/** What a `StoreError` says was attempted, and why it failed. The database's own words stay as they are. */
export const storePhrases = {
  store: {
    'Cannot {action:storing}: {why:trouble?}': '无法{action}：{why}',
    'Cannot use this database: a newer budan migrated it ({names:words}), and this one cannot live with that; upgrade this one':
      '无法使用该数据库：更新版本的 budan 已将其迁移（{names}），与本程序不兼容，请升级本程序',
    'Cannot open the database by its url: {fault:fault}': '无法按 url 打开数据库：{fault}',
    'Cannot open the engine by its url: {fault:fault}': '无法按 url 打开引擎：{fault}',
    'Cannot use the base url of the gateway: it is not a URL without credentials':
      '无法使用网关的地址：它不是 URL，或带有用户名、密码',
    'Cannot open the database in "{directory}": another budan process has it open; use its HTTP API or stop it':
      '无法打开“{directory}”中的数据库：另一个 budan 进程正在使用；请使用它的 HTTP API，或先停止它',
    'migration {name:word} found its tables in use for {minutes:word} minutes: end long transactions, then start again':
      '迁移 {name} 等待了 {minutes} 分钟，数据表一直被占用：请结束长事务后重试',
    'Cannot use the database "{database}": its encoding is {encoding:word}, not UTF8. Take a new one: {statement}':
      '无法使用数据库“{database}”：其编码为 {encoding}，不是 UTF8。请新建一个：{statement}',
    'Cannot use the database "{database}": its setting {setting:word} stays at "{value}" where "{wanted}" is needed; something between budan and PostgreSQL keeps it there':
      '无法使用数据库“{database}”：其参数 {setting} 一直是“{value}”，而需要的是“{wanted}”；budan 与 PostgreSQL 之间的某个组件不让它改变',
    'Cannot use the database "{database}": its server is PostgreSQL {version:word}, and 13 is the oldest that is supported':
      '无法使用数据库“{database}”：服务器是 PostgreSQL {version}，最低支持 13',
    'Cannot use the database "{database}": {fault:pooler}': '无法使用数据库“{database}”：{fault}',
    'Cannot use the database "{database}": the pooler in front of it has no second session to give. Raise default_pool_size in PgBouncer: each process of budan needs up to 12':
      '无法使用数据库“{database}”：它前面的连接池给不出第二个会话。请调大 PgBouncer 的 default_pool_size：每个 budan 进程最多需要 12 个',
    'Cannot use the database "{database}": it is read-only':
      '无法使用数据库“{database}”：它是只读的',
    'Cannot use the database "{database}": it has budan\'s tables in more than one schema ({schemas:words}). Say which: add ?options=-c%20search_path%3DSCHEMA to the url':
      '无法使用数据库“{database}”：其中不止一个模式有 budan 的数据表（{schemas}）。请指明用哪个：在 url 后加上 `?options=-c%20search_path%3DSCHEMA`',
    'Cannot use the database "{database}": budan\'s tables are in a schema that is not in this user\'s search_path ({schemas:words}). Say where to look, or where to make new ones: add ?options=-c%20search_path%3DSCHEMA to the url':
      '无法使用数据库“{database}”：budan 的数据表所在的模式（{schemas}）不在当前用户的 search_path 中。请指明到哪里找，或在哪里新建：在 url 后加上 `?options=-c%20search_path%3DSCHEMA`',
    'Cannot make the schema "{schema}" for budan\'s tables: this user may not. Let an owner of the database run CREATE SCHEMA "{schema}" AUTHORIZATION this user, or GRANT CREATE ON DATABASE to it':
      '无法为 budan 的数据表创建模式“{schema}”：当前用户没有权限。请让数据库的所有者执行 `CREATE SCHEMA "{schema}" AUTHORIZATION …`，或用 `GRANT CREATE ON DATABASE …` 授权',
    'No database at "{directory}": run `budan migrate`':
      '“{directory}”中没有数据库：请运行 `budan migrate`',
    'The database is behind by 1 migration: run `budan migrate`':
      '数据库落后 1 个迁移：请运行 `budan migrate`',
    'The database is behind by {count:word} migrations: run `budan migrate`':
      '数据库落后 {count} 个迁移：请运行 `budan migrate`',
  },
  storing: {
    'store order {orderNo:json}': '保存订单 {orderNo}',
    'store the code of order {orderNo:json}': '保存订单 {orderNo} 的支付二维码',
    'find order {orderNo:json}': '查找订单 {orderNo}',
    'list orders': '列出订单',
    'list the events of order {orderNo:json}': '列出订单 {orderNo} 的时间线',
    'add an event to order {orderNo:json}': '记录订单 {orderNo} 的事件',
    'list the latest events of order {orderNo:json}': '列出订单 {orderNo} 的最新事件',
    'list credits': '列出入账',
    'list the latest entries of user {userId:json}': '列出用户 {userId} 的最新流水',
    'find the order of transaction {transactionId:json}': '查找微信支付订单 {transactionId} 的订单',
    'read the ledger of order {orderNo:json}': '读取订单 {orderNo} 的账目',
    'list what the audit counts as {name:json}': '列出账目自检统计为 {name} 的数据',
    'list reviews': '列出待处理订单',
    'find the review of order {orderNo:json}': '查找待处理订单 {orderNo}',
    'read the balance of user {userId:json}': '读取用户 {userId} 的余额',
    'list the entries of user {userId:json}': '列出用户 {userId} 的流水',
    'claim due orders': '领取到期订单',
    'claim late checks': '领取过期后待复查的订单',
    'repair schedules': '修正排期过远的订单',
    'add late checks of order {orderNo:json}': '为订单 {orderNo} 安排复查',
    'count a late check of order {orderNo:json}': '记录订单 {orderNo} 的复查',
    'correct order {orderNo:json}': '更正订单 {orderNo}',
    'give up order {orderNo:json}': '放弃订单 {orderNo}',
    'read due orders': '读取到期订单',
    'count due orders': '统计到期订单',
    'give back {count:word} orders': '归还 {count} 个订单',
    'let {count:word} orders wait': '将 {count} 个订单改期再查',
    'lock {count:word} orders': '锁定 {count} 个订单',
    'credit {count:word} orders': '为 {count} 个订单入账',
    'open a run': '开始补单运行',
    'finish run {runId:json}': '结束补单运行 {runId}',
    'list runs': '列出补单运行',
    'find run {runId:json}': '查找补单运行 {runId}',
    'count open orders': '统计未结订单',
    prune: '清理历史数据',
    'open a session': '建立登录会话',
    'find a session': '查询登录会话',
    'end a session': '结束登录会话',
    vacuum: '整理数据库空间',
    audit: '执行账目自检',
    'read the vital signs': '读取运行状况',
    'read its time': '读取数据库时间',
    'read the state of the schema': '读取数据库结构状态',
    migrate: '迁移数据库',
    'reserve places of {line:json}': '预留 {line} 的查询配额',
    'hold back {line:json}': '暂停 {line} 的查询',
    'connect for a transaction': '连接数据库以开始事务',
    'begin a transaction': '开始事务',
    'open the database {name:json}': '打开数据库 {name}',
    'credit it': '入账',
    'correct it': '更正订单',
    'give it up': '放弃订单',
    'dismiss it': '办结（无需入账）',
    'bring it back to the queue': '放回待处理队列',
    'let it wait': '改期再查',
    'make it {status:status}': '改为{status}',
    'tell whether the transaction was committed': '确认事务是否已提交',
    'lock order {orderNo:json}': '锁定订单 {orderNo}',
    'credit order {orderNo:json}': '为订单 {orderNo} 入账',
    'make order {orderNo:json} {status:status}': '将订单 {orderNo} 改为{status}',
    'let order {orderNo:json} wait': '将订单 {orderNo} 改期再查',
    'dismiss order {orderNo:json}': '将订单 {orderNo} 办结（无需入账）',
    'reopen order {orderNo:json}': '将订单 {orderNo} 放回待处理',
    'read the trail of order {orderNo:json}': '读取订单 {orderNo} 的经过',
    'execute a statement of the embedder': '执行嵌入方的语句',
  },
  hosts: { 'none of the hosts will do ({told})': '没有可用的主机（{told}）' },
  queue: {
    'a pooler in front of it does not pass on what the queue needs: name the address of PostgreSQL itself in engine.url':
      '它前面的连接池没有把队列所需的转达过去：请在 engine.url 中直接填写 PostgreSQL 的地址',
    'it is read-only': '它是只读的',
  },
  pooler: {
    'a pooler in front of it hands each transaction to another session, which keeps neither settings nor prepared statements. Set pool_mode = session in PgBouncer for this database (also where max_prepared_statements is above 0), or name the address of PostgreSQL itself':
      '它前面的连接池把每个事务交给不同的会话，参数设置和预备语句都保留不住。请在 PgBouncer 中为该数据库设置 `pool_mode = session`（即使 max_prepared_statements 大于 0 也要设置），或直接填写 PostgreSQL 的地址',
  },
  remedy: {
    'it is read-only: a standby, or set so': '它是只读的：备库，或被设为只读',
    'make room on its disk': '请为它的磁盘腾出空间',
    'the pooler in front of it refuses what the url asks for in options: take it out of the url, or add it to ignore_startup_parameters in PgBouncer':
      '它前面的连接池不接受 url 中 `options` 的要求：请从 url 中去掉，或加入 PgBouncer 的 ignore_startup_parameters',
    'it wants TLS: add sslmode=verify-full to the url':
      '它要求 TLS：请在 url 后加上 `sslmode=verify-full`',
    'it offers no TLS: set ssl = on there, or leave sslmode out of the url':
      '它不提供 TLS：请在服务器上设置 `ssl = on`，或从 url 中去掉 `sslmode`',
    'nobody whom this machine trusts vouches for its certificate: name the CA in sslrootcert':
      '本机信任的机构都没有签发它的证书：请用 `sslrootcert` 指明 CA 证书',
    'its certificate is for other names: connect by one of those, or write sslmode=verify-ca':
      '它的证书是发给其他主机名的：请用证书中的名字连接，或改用 `sslmode=verify-ca`',
  },
  trouble: {
    'the database "{name}" has no budan tables yet, or old ones; run `budan migrate`':
      '数据库“{name}”中还没有 budan 的数据表，或版本太旧；请运行 `budan migrate`',
    'database "{name}": {message:silence?}': '数据库“{name}”：{message}',
    'database "{name}": {message}; {remedy:remedy}': '数据库“{name}”：{message}；{remedy}',
    'database "{name}": {message:hosts}': '数据库“{name}”：{message}',
    'database "{name}": it is closed': '数据库“{name}”：已关闭',
    'database "{name}": "{path}" is in the way, and not of a whole database: take another directory, or move it away':
      '数据库“{name}”：“{path}”已存在，且不属于完整的数据库：请换一个目录，或将其移走',
    'database "{name}": its files are missing: copy {files:words} from @electric-sql/pglite/dist beside the bundle':
      '数据库“{name}”：缺少它的文件：请把 @electric-sql/pglite/dist 里的 {files} 复制到打包文件旁边',
    'database "{name}": nobody else got a turn for {ms:word} ms; inside a transaction, use its steps':
      '数据库“{name}”：其他任务 {ms} 毫秒内未能轮到；事务之内请使用事务的方法',
    'order "{orderNo}" is not {status:status}, state {seq:word}, as it was when it was locked':
      '订单“{orderNo}”已不是锁定时的状态（{status}，第 {seq} 次变更）',
  },
} as const satisfies PhraseSets
