import type { PhraseSets } from '../phrases.ts'
import { webhookActions } from './webhooks.ts'

/** What a `StoreError` says was attempted, and why it failed. The database's own words stay as they are. */
export const storePhrases = {
  store: {
    'Cannot {action:storing}: {why:trouble?}': '无法{action}：{why}',
    'Cannot {action:storing}: {why:trouble?}; {remedy:remedy}': '无法{action}：{why}；{remedy}',
    'Cannot open the database in "{directory}": {what:directory}':
      '无法打开“{directory}”中的数据库：{what}',
    'Cannot use the database "{database}": {what:unusable}; {remedy:remedy}':
      '无法使用数据库“{database}”：{what}；{remedy}',
    'Cannot use the database "{database}": {what:unusable}': '无法使用数据库“{database}”：{what}',
    'Cannot use this database: a newer budan migrated it ({names:words}), and this one cannot live with that; upgrade this one':
      '无法使用该数据库：更新版本的 budan 已将其迁移（{names}），与本程序不兼容，请升级本程序',
    'Cannot open the database by its url: {fault:fault}': '无法按 url 打开数据库：{fault}',
    'Cannot open the engine by its url: {fault:fault}': '无法按 url 打开引擎：{fault}',
    'Cannot use the base url of the gateway: it is not a URL without credentials':
      '无法使用支付渠道的地址：它不是 URL，或带有用户名、密码',
    'migration {name:word} found its tables in use for {minutes:word} minutes: end long transactions, then start again':
      '迁移 {name} 等待了 {minutes} 分钟，数据表一直被占用：请结束长事务后重试',
    'Cannot make the schema "{schema}" for budan\'s tables: this user may not':
      '无法为 budan 的数据表创建模式“{schema}”：当前用户没有权限',
    '{what:store}; {remedy:remedy}': '{what}；{remedy}',
    'Cannot use the schema "{schema}": it has a table "orders" of another program':
      '无法使用模式“{schema}”：其中有其他程序的 `orders` 表',
    'Several merchants have an order {orderNo:json}: {merchants:words}; say which is meant':
      '多个商户都有订单 {orderNo}：{merchants}；请指明是哪一个',
    'No database at "{directory}": run `budan migrate`':
      '“{directory}”中没有数据库：请运行 `budan migrate`',
    'The database is behind by 1 migration: run `budan migrate`':
      '数据库落后 1 个迁移：请运行 `budan migrate`',
    'The database is behind by {count:word} migrations: run `budan migrate`':
      '数据库落后 {count} 个迁移：请运行 `budan migrate`',
  },
  storing: {
    'store {count:word} orders': '保存 {count} 个订单',
    'store order {orderNo:json}': '保存订单 {orderNo}',
    'store the code of order {orderNo:json}': '保存订单 {orderNo} 的支付二维码',
    'find order {orderNo:json}': '查找订单 {orderNo}',
    'list orders': '列出订单',
    'list the events of order {orderNo:json}': '列出订单 {orderNo} 的时间线',
    'add an event to order {orderNo:json}': '记录订单 {orderNo} 的事件',
    'list the latest events of order {orderNo:json}': '列出订单 {orderNo} 的最新事件',
    'list credits': '列出入账',
    'list the latest entries of user {userId:json}': '列出用户 {userId} 的最新流水',
    'find the order of transaction {transactionId:json}': '查找交易单号 {transactionId} 的订单',
    'read the ledger of order {orderNo:json}': '读取订单 {orderNo} 的账目',
    'list what the audit counts as {name:json}': '列出账目自检统计为 {name} 的数据',
    'list reviews': '列出待处理订单',
    'list exceptions': '列出异常单',
    'find exception {id:word}': '查找异常单 {id}',
    'close exception {id:word}': '关闭异常单 {id}',
    'count open exceptions': '统计未关闭的异常单',
    'open and close exceptions': '登记和关闭异常单',
    'read the exceptions of order {orderNo:json}': '读取订单 {orderNo} 的异常单',
    'give events their positions': '为对外事件排定位置',
    'read events': '读取对外事件',
    'prune events': '清理对外事件',
    'read proofs': '读取入账的证明',
    'seal orders and credits': '为订单和入账加封签',
    'find the review of order {orderNo:json}': '查找待处理订单 {orderNo}',
    'read the balance of user {userId:json}': '读取用户 {userId} 的余额',
    'list the entries of user {userId:json}': '列出用户 {userId} 的流水',
    'claim due orders': '领取到期订单',
    'claim late checks': '领取关单后待复查的订单',
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
    'open a run': '开始补单批次',
    'finish run {runId:json}': '结束补单批次 {runId}',
    'list runs': '列出补单批次',
    'find run {runId:json}': '查找补单批次 {runId}',
    'count open orders': '统计未结订单',
    prune: '清理历史数据',
    'open a session': '建立登录会话',
    'find a session': '查询登录会话',
    'read the requests of order {orderNo:json}': '读取订单 {orderNo} 的申请',
    ...webhookActions,
    'list sessions': '列出登录会话',
    'end sessions': '结束登录会话',
    'end a session': '结束登录会话',
    vacuum: '整理数据库空间',
    audit: '执行账目自检',
    'read the vital signs': '读取运行状况',
    'read how long orders wait': '读取订单等待的时间',
    'read its time': '读取数据库时间',
    'read the state of the schema': '读取数据库结构状态',
    'read the rights of its user': '读取当前用户的权限',
    migrate: '迁移数据库',
    'reserve slots of {quota:json}': '预留 {quota} 的查询配额',
    'penalize {quota:json}': '暂停 {quota} 的查询',
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
    'learn whether the transaction was committed': '确认事务是否已提交',
    'lock order {orderNo:json}': '锁定订单 {orderNo}',
    'credit order {orderNo:json}': '为订单 {orderNo} 入账',
    'make order {orderNo:json} {status:status}': '将订单 {orderNo} 改为{status}',
    'let order {orderNo:json} wait': '将订单 {orderNo} 改期再查',
    'dismiss order {orderNo:json}': '将订单 {orderNo} 办结（无需入账）',
    'reopen order {orderNo:json}': '将订单 {orderNo} 放回待处理',
    'read the refunds of order {orderNo:json}': '读取订单 {orderNo} 的退款',
    'keep a refund': '保存退款通知',
    'read refunds': '读取退款通知',
    'read the trail of order {orderNo:json}': '读取订单 {orderNo} 的经过',
    'execute a statement of the embedder': '执行嵌入方的语句',
  },
  queue: {
    'a pooler in front of it does not pass on what the queue needs: name the address of PostgreSQL itself in engine.url':
      '它前面的连接池没有把队列所需的转达过去：请在 engine.url 中直接填写 PostgreSQL 的地址',
    'it is read-only': '它是只读的',
    'it is a Sentinel, which keeps no data': '它是 Sentinel，不保存数据',
    'it is Redis {version:word}, and {least:word} is the oldest that the queue takes':
      '它是 Redis {version}，队列最低支持 {least}',
    'it is a cluster': '它是集群',
    'it is a replica, which cannot be written to': '它是副本，不能写入',
    'its maxmemory-policy is {policy:word}: it may throw the queue away':
      '其 `maxmemory-policy` 为 {policy}：可能会丢弃队列',
  },
  unusable: {
    'its encoding is {encoding:word}, not UTF8. Take a new one: {statement}':
      '其编码为 {encoding}，不是 UTF8。请新建一个：{statement}',
    'its setting {setting:word} stays at "{value}" where "{wanted}" is needed; something between budan and PostgreSQL keeps it there':
      '其参数 {setting} 一直是“{value}”，而需要的是“{wanted}”；budan 与 PostgreSQL 之间的某个组件不让它改变',
    'its server is PostgreSQL {version:word}, and 13 is the oldest that is supported':
      '服务器是 PostgreSQL {version}，最低支持 13',
    'a pooler in front of it hands each transaction to another session, which keeps neither settings nor prepared statements':
      '它前面的连接池把每个事务交给不同的会话，参数设置和预备语句都保留不住',
    'the pooler in front of it has no second session to give': '它前面的连接池给不出第二个会话',
    'it is read-only': '它是只读的',
    "it has budan's tables in more than one schema ({schemas:words})":
      '其中不止一个模式有 budan 的数据表（{schemas}）',
    "budan's tables are in a schema that is not in this user's search_path ({schemas:words})":
      'budan 的数据表所在的模式（{schemas}）不在当前用户的 search_path 中',
  },
  directory: {
    'another budan process has it open': '另一个 budan 进程正在使用它',
    'its file PG_VERSION is damaged': '其中的 PG_VERSION 文件已损坏',
    'it is the data directory of a PostgreSQL {version:word} server':
      '它是 PostgreSQL {version} 服务器的数据目录',
    'it was made by an older budan: it holds PostgreSQL {version:word}, and this budan opens {own:word}':
      '它由较旧的 budan 建立：其中是 PostgreSQL {version}，本程序打开的是 {own}',
    'it was made by a newer budan: it holds PostgreSQL {version:word}, and this budan opens {own:word}':
      '它由较新的 budan 建立：其中是 PostgreSQL {version}，本程序打开的是 {own}',
    'it is not whole: {parts:words} missing': '它不完整：缺少 {parts}',
    'its file global/pg_control is cut off': '其中的 global/pg_control 文件不完整',
    'it is a link that leads nowhere': '它是一个失效的链接',
    'a file is in its place': '该位置上是一个文件',
    'a part of its path is a file': '路径中有一段是文件',
    'a part of it is not there any more': '其中有一部分已不存在',
    'this user may not read or write in it': '当前用户不能读写它',
    'it is on a disk that is mounted read-only': '它所在的磁盘以只读方式挂载',
    'its disk is full': '它所在的磁盘已满',
    'the quota of this user on its disk is used up': '当前用户在该磁盘上的配额已用完',
    'this process has too many files open': '本进程打开的文件过多',
    'this machine has too many files open': '本机打开的文件过多',
    'its links lead in a circle': '它的链接成环',
    'its name is too long': '它的名称过长',
    'its disk cannot be read or written': '它所在的磁盘读写出错',
    'what is in it is damaged, or was changed by something else than budan':
      '其中的内容已损坏，或被 budan 以外的程序改动过',
  },
  remedy: {
    'run `budan migrate`': '请运行 `budan migrate`',
    'use its HTTP API or stop it': '请使用它的 HTTP API，或先停止它',
    'restore the directory from a backup': '请从备份恢复该目录',
    'copy the directory again, whole, while no process has it open, or restore it from a backup':
      '请在没有进程使用它时重新完整复制该目录，或从备份恢复',
    'put the address of that server in database.url (postgres://…), or take another directory':
      '请在 database.url 中填写那个服务器的地址（postgres://…），或换一个目录',
    'take another directory for new orders, and keep this one with the budan that made it until its orders are settled':
      '请为新订单换一个目录；原目录仍由建立它的 budan 使用，直到其中的订单处理完毕',
    'open it with the budan that made it': '请用建立它的 budan 打开',
    'make the directory that it leads to, or take the link away':
      '请建立它指向的目录，或删除该链接',
    'take another directory, or move the file away': '请换一个目录，或移走该文件',
    'correct the path in database.url': '请改正 database.url 中的路径',
    'see who else changes it': '请查明还有谁在改动它',
    'give it to this user (chown)': '请把它交给当前用户（`chown`）',
    'mount it so that it can be written to': '请以可写方式挂载',
    'make room on it': '请腾出空间',
    'have it raised': '请调高配额',
    'allow it more (ulimit -n, LimitNOFILE)': '请调高上限（`ulimit -n`、`LimitNOFILE`）',
    'allow it more (fs.file-max)': '请调高上限（fs.file-max）',
    'mend the links': '请修正链接',
    'take a shorter path': '请换一个较短的路径',
    'see what the system says of the disk (dmesg)': '请查看系统对该磁盘的说明（`dmesg`）',
    'keep a copy of it as it is, and restore it from a backup': '请保留一份原样副本，再从备份恢复',
    'let it pass the setting on, or name the address of PostgreSQL itself':
      '请让它转达该参数，或直接填写 PostgreSQL 的地址',
    'move it to a newer PostgreSQL': '请迁移到较新的 PostgreSQL',
    'set pool_mode = session in PgBouncer for this database (also where max_prepared_statements is above 0), or name the address of PostgreSQL itself':
      '请在 PgBouncer 中为该数据库设置 `pool_mode = session`（即使 max_prepared_statements 大于 0 也要设置），或直接填写 PostgreSQL 的地址',
    'raise default_pool_size in PgBouncer: each process of budan needs up to 12':
      '请调大 PgBouncer 的 default_pool_size：每个 budan 进程最多需要 12 个',
    'say which one: add ?options=-c%20search_path%3DSCHEMA to the url':
      '请指明用哪个：在 url 后加上 `?options=-c%20search_path%3DSCHEMA`',
    'say where to look, or where to make new ones: add ?options=-c%20search_path%3DSCHEMA to the url':
      '请指明到哪里找，或在哪里新建：在 url 后加上 `?options=-c%20search_path%3DSCHEMA`',
    'run `budan migrate` as a user who may, or let an owner of the database run CREATE SCHEMA "{schema}" AUTHORIZATION this user, or GRANT CREATE ON DATABASE to it':
      '请以有权限的用户运行 `budan migrate`，或让数据库的所有者执行 `CREATE SCHEMA "{schema}" AUTHORIZATION …`，或用 `GRANT CREATE ON DATABASE …` 授权',
    'name the primary in the url, or let it be written to (default_transaction_read_only)':
      '请在 url 中填写主库，或允许写入（default_transaction_read_only）',
    'it is read-only: name the primary in the url, or let it be written to (default_transaction_read_only)':
      '它是只读的：请在 url 中填写主库，或允许写入（default_transaction_read_only）',
    'name the address of PostgreSQL itself in engine.url':
      '请在 engine.url 中直接填写 PostgreSQL 的地址',
    'no such host is known: correct its name in the url': '没有这个主机：请改正 url 中的主机名',
    'no DNS server answers: see to the network of this machine':
      'DNS 服务器没有应答：请检查本机网络',
    'nobody listens there: start PostgreSQL, or correct host and port':
      '那里没有程序在监听：请启动 PostgreSQL，或改正主机和端口',
    'no way leads there: see to the network, and correct the host':
      '没有通往那里的路由：请检查网络，改正主机',
    'the server, or something on the way, hung up: its log may say why':
      '服务器或途中的设备断开了连接：请查看其日志',
    'no server has its socket there: start PostgreSQL, or correct host and port':
      '那里没有服务器的套接字：请启动 PostgreSQL，或改正主机和端口',
    'this user may not use its socket: see unix_socket_permissions':
      '当前用户不能使用其套接字：见 unix_socket_permissions',
    'it takes no connection in time: a firewall may drop what is sent there, or it has no time for us':
      '未能及时建立连接：可能被防火墙丢弃，或服务器过忙',
    'what listens there is no PostgreSQL: correct host and port':
      '那里监听的不是 PostgreSQL：请改正主机和端口',
    'too many files are open here: allow more (ulimit -n, LimitNOFILE)':
      '本机打开的文件过多：请调高上限（`ulimit -n`、`LimitNOFILE`）',
    'make room on its disk': '请为它的磁盘腾出空间',
    'the pooler in front of it refuses what the url sets in options: take it out of the url, or add it to ignore_startup_parameters in PgBouncer':
      '它前面的连接池不接受 url 中 `options` 的要求：请从 url 中去掉，或加入 PgBouncer 的 ignore_startup_parameters',
    'no line of its pg_hba.conf lets this user in without TLS: add sslmode=verify-full to the url; if that is refused too, add a line there':
      '它的 pg_hba.conf 中没有允许该用户不经 TLS 连接的条目：请在 url 后加上 `sslmode=verify-full`；若仍被拒绝，请在那里添加条目',
    'it offers no TLS: set ssl = on there, or leave sslmode out of the url':
      '它不提供 TLS：请在服务器上设置 `ssl = on`，或从 url 中去掉 `sslmode`',
    'nobody whom this machine trusts vouches for its certificate: name the CA in sslrootcert':
      '本机信任的机构都没有签发它的证书：请用 `sslrootcert` 指明 CA 证书',
    'its certificate is for other names: connect by one of those, or write sslmode=verify-ca':
      '它的证书是发给其他主机名的：请用证书中的名字连接，或改用 `sslmode=verify-ca`',
    'its certificate has ended: it needs a new one': '它的证书已过期：需要换新的',
    'its certificate has not begun: this machine or the one that made it has a wrong clock':
      '它的证书尚未生效：本机或签发机器的时钟有误',
    'a file that the url names (sslrootcert, sslcert, sslkey) cannot be read: correct its path':
      'url 中指明的文件（`sslrootcert`、`sslcert`、`sslkey`）无法读取：请改正路径',
    'a file that the url names (sslrootcert, sslcert, sslkey) holds no PEM: take the right one':
      'url 中指明的文件（`sslrootcert`、`sslcert`、`sslkey`）不是 PEM：请换成正确的文件',
    'user or password in the url is wrong': 'url 中的用户名或密码有误',
    'it wants a password, and the url has none': '它要求密码，而 url 中没有',
    'it wants a password, and that of the url is empty': '它要求密码，而 url 中的密码是空的',
    'correct the user in the url, or create it: CREATE ROLE … LOGIN':
      '请改正 url 中的用户，或创建它：`CREATE ROLE … LOGIN`',
    'let it: ALTER ROLE … LOGIN': '请允许它登录：`ALTER ROLE … LOGIN`',
    'no line of pg_hba.conf on the server lets this user in from here: add one':
      '服务器的 pg_hba.conf 中没有允许该用户从这里连接的条目：请添加',
    "correct the database's name in the url, or create it: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0":
      "请改正 url 中的数据库名，或创建它：`CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`",
    'PgBouncer knows no such database: add it to [databases] there, or correct the url':
      'PgBouncer 没有这个数据库：请加入其 `[databases]`，或改正 url',
    'PgBouncer knows no such user: add it to its auth_file, or correct the url':
      'PgBouncer 没有这个用户：请加入其 auth_file，或改正 url',
    'the pooler has no session to give: raise default_pool_size in PgBouncer':
      '连接池没有可用的会话：请调大 PgBouncer 的 default_pool_size',
    'the pooler itself is not let in by PostgreSQL: its log says why':
      '连接池自己连不上 PostgreSQL：请查看它的日志',
    'let its owner run GRANT CONNECT ON DATABASE … TO this user':
      '请让其所有者执行 `GRANT CONNECT ON DATABASE … TO …`',
    'let its owner run GRANT USAGE, CREATE ON SCHEMA … TO this user':
      '请让其所有者执行 `GRANT USAGE, CREATE ON SCHEMA … TO …`',
    'let the owner of the tables run budan migrate, or give them to this user (ALTER … OWNER TO)':
      '请让数据表的所有者运行 `budan migrate`，或把数据表交给当前用户（`ALTER … OWNER TO`）',
    'let the owner of the tables run `budan migrate --grants` for this user; of a table that is not of budan, let its owner grant it':
      '请让数据表的所有者授予当前用户 SELECT、INSERT、UPDATE、DELETE 权限',
    'it has no room for more connections: raise max_connections there, or have others give theirs back':
      '它的连接数已满：请调大 max_connections，或让其他程序归还连接',
    'it is still starting: try again in a minute': '它还在启动：请一分钟后再试',
    'it is about to stop: start it again': '它正在停止：请重新启动',
    'it is a standby that lets nobody read (hot_standby): name the primary in the url':
      '它是不可读的备库（hot_standby）：请在 url 中填写主库',
    'its administrator ended the connection: try again': '连接被管理员结束：请再试',
    'the server is out of memory: give it more': '服务器内存不足：请增加内存',
    'it took longer than it may: see what holds the database up (pg_stat_activity)':
      '超过了时限：请查看是什么拖慢了数据库（pg_stat_activity）',
    'another transaction holds the lock: see which (pg_stat_activity, pg_locks)':
      '锁被另一个事务占用：请查看是哪一个（pg_stat_activity、pg_locks）',
    '{host:word}: {first:remedy}; {rest:remedy}': '{host}：{first}；{rest}',
    '{host:word}: {only:remedy}': '{host}：{only}',
    'it took the connection, and does not answer: see its log, and of a pooler whether its PostgreSQL is up':
      '它接受了连接却不应答：请查看其日志；若是连接池，请查看它后面的 PostgreSQL 是否在运行',
    'it waits for something itself, or has no time for us: see its log, and of a pooler whether its PostgreSQL is up':
      '它自己在等待，或过于繁忙：请查看其日志；若是连接池，请查看它后面的 PostgreSQL 是否在运行',
    'our own certificate has ended: put a new one in the file of sslcert':
      '我方证书已过期：请在 `sslcert` 的文件中换上新的',
    'our own certificate was revoked: sslcert needs a new one':
      '我方证书已被吊销：`sslcert` 需要新的证书',
    'it does not know the CA of our own certificate: add that CA to ssl_ca_file there, or name another sslcert':
      '它不认识签发我方证书的 CA：请把该 CA 加入服务器的 ssl_ca_file，或换一个 `sslcert`',
    'it wants a certificate of ours: name one in sslcert and its key in sslkey':
      '它要求我方出示证书：请用 `sslcert` 指明证书，用 `sslkey` 指明其私钥',
    'it speaks no TLS that is taken here (1.2 or 1.3): see ssl_min_protocol_version and ssl_max_protocol_version there':
      '它不支持这里可用的 TLS 版本（1.2 或 1.3）：请查看服务器的 ssl_min_protocol_version 和 ssl_max_protocol_version',
    'it ended TLS, as a rule for our own certificate (sslcert): its log says why':
      '它中止了 TLS，多半是因为我方证书（`sslcert`）：请查看其日志',
    'our own certificate is for another user: its CN must be the user in the url, or be mapped in pg_ident.conf':
      '我方证书是发给其他用户的：其 CN 须为 url 中的用户，或在 pg_ident.conf 中有对应的映射',
    'it hung up as TLS began: its log may say why; sslnegotiation=direct needs PostgreSQL 17':
      '开始 TLS 时它断开了连接：请查看其日志；`sslnegotiation=direct` 需要 PostgreSQL 17',
    'its certificate is not of the CA in sslrootcert: name the file of the one that made it':
      '它的证书不是 `sslrootcert` 中的 CA 签发的：请指明签发它的 CA 的文件',
    'name in {name:word} a PEM file, with a line -----BEGIN CERTIFICATE-----':
      '请在 `{name}` 中指明 PEM 文件，其中有一行 `-----BEGIN CERTIFICATE-----`',
    'name in sslkey a PEM file, with a line -----BEGIN PRIVATE KEY-----':
      '请在 `sslkey` 中指明 PEM 文件，其中有一行 `-----BEGIN PRIVATE KEY-----`',
    'name in sslcert and sslkey two files that belong together':
      '请在 `sslcert` 和 `sslkey` 中指明相配的两个文件',
    'it has a password: give it in sslpassword': '它有密码：请用 `sslpassword` 给出',
    'sslpassword is not its password': '`sslpassword` 不是它的密码',
    'the pooler has no room for more connections: raise max_client_conn in PgBouncer':
      '连接池的连接数已满：请调大 PgBouncer 的 max_client_conn',
    'the pooler wants TLS: add sslmode=verify-full to the url':
      '连接池要求 TLS：请在 url 后加上 `sslmode=verify-full`',
    'the pooler does not let this user in from here: see auth_type and auth_hba_file in PgBouncer':
      '连接池不允许该用户从这里连接：请查看 PgBouncer 的 auth_type 和 auth_hba_file',
    'the pooler does not take user or password of the url: correct them, or see auth_file in PgBouncer':
      '连接池不接受 url 中的用户名或密码：请改正，或查看 PgBouncer 的 auth_file',
    'there is no such user, or it may not log in: correct it in the url, or run CREATE ROLE or ALTER ROLE … LOGIN':
      '没有这个用户，或不允许它登录：请在 url 中改正，或执行 `CREATE ROLE … LOGIN`、`ALTER ROLE … LOGIN`',
    'it does not let this user in: see the line of its pg_hba.conf for this user, and its log':
      '它不允许该用户连接：请查看其 pg_hba.conf 中对应的条目和日志',
    'let its owner run GRANT USAGE ON SEQUENCE … TO this user':
      '请让其所有者执行 `GRANT USAGE ON SEQUENCE … TO …`',
    'let its owner run GRANT EXECUTE ON FUNCTION … TO this user':
      '请让其所有者执行 `GRANT EXECUTE ON FUNCTION … TO …`',
    'this user lacks a right: let the owner of what is named grant it':
      '该用户缺少权限：请让所指对象的所有者授权',
    'this user has no more connections: ALTER ROLE … CONNECTION LIMIT, or have others give theirs back':
      '该用户的连接数已满：请执行 `ALTER ROLE … CONNECTION LIMIT …`，或让其他程序归还连接',
    'this database has no more connections: ALTER DATABASE … CONNECTION LIMIT, or have others give theirs back':
      '该数据库的连接数已满：请执行 `ALTER DATABASE … CONNECTION LIMIT …`，或让其他程序归还连接',
    'it is recovering, as after a crash: try again in a minute':
      '它正在恢复（例如崩溃之后）：请一分钟后再试',
    'it takes no connections now: it starts, recovers, stops, or is a standby; try again in a minute':
      '它现在不接受连接：正在启动、恢复或停止，或者是备库；请一分钟后再试',
    'it was ended there, by a time limit or by a person: see what holds the database up (pg_stat_activity)':
      '它在服务器上被中止：超过了时限，或被人取消；请查看是什么拖慢了数据库（pg_stat_activity）',
    'name a schema for budan alone: add ?options=-c%20search_path%3DSCHEMA to the url':
      '请为 budan 指定单独的模式：在 url 后加上 `?options=-c%20search_path%3DSCHEMA`',
    // Of Redis.
    'user or password in engine.url is wrong': 'engine.url 中的用户名或密码有误',
    'it wants a password, and engine.url has none': '它要求密码，而 engine.url 中没有',
    'its ACL keeps this user from what the queue needs: ACL SETUSER … +@all ~bull:*':
      '其 ACL 不允许该用户做队列所需的操作：`ACL SETUSER … +@all ~bull:*`',
    'it is a replica: name the primary in engine.url': '它是副本：请在 engine.url 中填写主节点',
    'name the primary in engine.url': '请在 engine.url 中填写主节点',
    'the queue needs one Redis, and no cluster: name another in engine.url':
      '队列需要单个 Redis，不能是集群：请在 engine.url 中另填一个',
    'it is still loading its data: try again in a minute': '它还在加载数据：请一分钟后再试',
    'it cannot save its data: see its disk and its log': '它无法保存数据：请查看其磁盘和日志',
    'its memory is full: raise maxmemory': '它的内存已满：请调大 `maxmemory`',
    'it has no room for more connections: raise maxclients': '它的连接数已满：请调大 `maxclients`',
    'it lets in its own machine alone: set a password or bind there':
      '它只允许本机连接：请在那里设置密码或 `bind`',
    'it has no database of that number: correct the end of engine.url':
      '它没有这个库号：请改正 engine.url 的末尾',
    'it wants TLS: write rediss:// in engine.url': '它要求 TLS：请在 engine.url 中写 rediss://',
    'what listens there is no Redis: correct host and port in engine.url':
      '那里监听的不是 Redis：请改正 engine.url 中的主机和端口',
    'it answers without TLS alone: write redis:// in engine.url':
      '它只能不经 TLS 应答：请在 engine.url 中写 redis://',
    'it speaks no TLS: write redis:// in engine.url': '它不支持 TLS：请在 engine.url 中写 redis://',
    'its certificate is for other names: connect by one of those':
      '它的证书是发给其他主机名的：请用证书中的名字连接',
    'nobody whom this machine trusts vouches for its certificate: name the CA in NODE_EXTRA_CA_CERTS':
      '本机信任的机构都没有签发它的证书：请用 NODE_EXTRA_CA_CERTS 指明 CA 证书',
    'no such host is known: correct its name in engine.url':
      '没有这个主机：请改正 engine.url 中的主机名',
    'nobody listens there: start it, or correct host and port in engine.url':
      '那里没有程序在监听：请启动它，或改正 engine.url 中的主机和端口',
    'no way leads there: see to the network, and correct the host in engine.url':
      '没有通往那里的路由：请检查网络，改正 engine.url 中的主机',
    'it takes no connection in time: a firewall may be between, or it hangs':
      '未能及时建立连接：可能被防火墙拦住，或服务器没有反应',
    'it hung up: it wants TLS (rediss://), or is about to stop; its log says which':
      '它断开了连接：可能要求 TLS（rediss://），或正在停止；其日志会说明是哪一种',
    'name the Redis that it watches': '请填写它所监视的 Redis',
    'move it to a newer Redis': '请迁移到较新的 Redis',
    'set maxmemory-policy noeviction there': '请在那里设置 `maxmemory-policy noeviction`',
  },
  hosts: {
    '{host:word}: {what:trouble?}; {rest:hosts}': '{host}：{what}；{rest}',
    '{host:word}: {what:trouble?}': '{host}：{what}',
  },
  trouble: {
    'the database "{name}" has no budan tables yet, or old ones':
      '数据库“{name}”中还没有 budan 的数据表，或版本太旧',
    'database "{name}": {message:trouble?}': '数据库“{name}”：{message}',
    'it is closed': '已关闭',
    '{system:silence}': '{system}',
    'read-only': '只读',
    'none of the hosts will do ({hosts:hosts?})': '没有可用的主机（{hosts}）',
    'the connection was taken, and no session given in time': '连接已被接受，但迟迟没有给出会话',
    '"{path}" holds no certificate': '“{path}”中没有证书',
    '"{path}" holds no private key': '“{path}”中没有私钥',
    'the key "{path}" cannot be opened': '私钥“{path}”无法打开',
    '"{key}" is not the key of the certificate "{cert}"': '“{key}”不是证书“{cert}”的私钥',
    '"{path}" is in the way, and not of a whole database: take another directory, or move it away':
      '“{path}”已存在，且不属于完整的数据库：请换一个目录，或将其移走',
    'its files are missing: copy {files:words} from @electric-sql/pglite/dist beside the bundle':
      '缺少它的文件：请把 @electric-sql/pglite/dist 里的 {files} 复制到打包文件旁边',
    'its connection was not free within {ms:word} ms; inside a transaction, use its steps':
      '{ms} 毫秒内没有等到它的连接；事务之内请使用事务的方法',
    'order "{orderNo}" is not {status:status}, state {seq:word}, as it was when it was locked':
      '订单“{orderNo}”已不是锁定时的状态（{status}，第 {seq} 次变更）',
  },
} as const satisfies PhraseSets
