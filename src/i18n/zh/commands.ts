import type { PhraseSets } from '../phrases.ts'

const counts = 'total={total} success={success} failed={failed} skipped={skipped}'
const countsSaid = '共 {total} 笔，入账 {success}，失败 {failed}，无需入账 {skipped}'

/** What the commands print for people. */
export const commandPhrases = {
  command: {
    'The token, which is shown only now:': '令牌（只在这里显示一次）：',
    'Its line for server.tokens in the configuration:': '写入配置 `server.tokens` 的那一行：',
    'Cannot find order "{orderNo}"': '找不到订单“{orderNo}”',
    'not known': '未知',
    'Cannot notify "{robot}" of it: {reason:robotAnswer?}': '无法把此事通知“{robot}”：{reason}',
    '{answer:robotAnswer}': '{answer}',
    'Only the first {count:word} events are shown.': '只显示前 {count} 条事件。',
    'open: {count:word}, {sum:word} at stake': '未关闭 {count} 个，涉及 {sum}',
    'exception {id:word} of order {orderNo} is closed now': '订单 {orderNo} 的异常单 {id} 已关闭',
    'Cannot find exception "{id}"': '找不到异常单“{id}”',
    'close: needs the id of an exception': 'close：需要给出异常单的编号',
    '--reason: needs close and the id of an exception':
      '--reason：需要与 `close` 和异常单的编号一起使用',
    '--reason: is needed with close': '--reason：`close` 需要给出它',
    'Nothing was changed: exception {id:word} is a review, which closes with it: `budan review {orderNo}`':
      '未作任何改动：异常单 {id} 随待处理订单一起关闭：`budan review {orderNo}`',
    'Nothing was changed: exception {id:word} was closed by "{by}" already':
      '未作任何改动：异常单 {id} 已由“{by}”关闭',
    'more: --cursor {cursor:word}': '下一页：--cursor {cursor}',
    'more: --after {cursor:word}': '下一页：--after {cursor}',
    'Cannot read the cursor {cursor:json}: it is not one of the events':
      '无法读取游标 {cursor}：它不属于对外事件',
    'Cannot go on from the cursor {cursor:json}: {why:gone}': '无法从游标 {cursor} 继续：{why}',
    'The books do not agree: look at these orders before anything is paid out.':
      '账目不一致：请先核查这些订单，再对外付款。',
    'No ./budan.yaml is here: `budan init` prompts for what is needed, and writes it':
      '这里没有 ./budan.yaml：`budan init` 会逐项询问所需配置，并写出该文件',
    'budan is ready at {url:word}': 'budan 已就绪：{url}',
    'order {orderNo} is {status:status} now': '订单 {orderNo} 现在{status}',
    'order {orderNo} is dismissed from the queue': '订单 {orderNo} 已办结（无需入账）',
    'Nothing was changed: to {action:action} it is {effect}': '未作任何改动：{action}{effect}',
    "Nothing was changed: the order's number was not typed.": '未作任何改动：输入的不是该订单号。',
    'Nothing was changed: the word was not typed.': '未作任何改动：输入的不是该词。',
    'What has no seal is believed as it is now: look at what `budan audit --verify` counts first.':
      '没有封签的内容将按现状采信：请先查看 `budan audit --verify` 统计出的订单。',
    'To seal it, type seal:': '要加封签，请输入 `seal`：',
    'sealed orders={orders:word} credits={credits:word} until={until:word}':
      '已加封签：订单 {orders} 个，入账 {credits} 笔，截至 {until}',
    'Stopped by a signal: run the same command again, and it seals the rest.':
      '已按要求停止：再次运行同一命令，即可为其余部分加封签。',
    'Nothing was changed: give --yes to carry it out.': '未作任何改动：加上 --yes 才会执行。',
    'Nothing was changed: {reason:abandoning?}': '未作任何改动：{reason}',
    'order {orderNo} is expired now, and its Idempotency-Key can be used again':
      '订单 {orderNo} 现已关单，它的 Idempotency-Key 可以再次使用',
    "To {action:action} it, type the order's number ({orderNo}): ":
      '要{action}，请输入订单号（{orderNo}）：',
    'Adopting 1 order': '正在导入 1 个订单',
    'Adopting {count:word} orders': '正在导入 {count} 个订单',
    'adopted={adopted:word} refused={refused:word} total={total:word}':
      '共 {total} 个订单，已导入 {adopted}，拒绝 {refused}',
    'Stopped by a signal: run the same command again for the rest.':
      '已按要求停止：再次运行同一命令即可导入其余订单。',
    'Interrupted after {rows:word} rows: run the same command again, which adopts nothing twice.':
      '已处理 {rows} 行后中断：再次运行同一命令即可，不会重复导入。',
    'Cannot adopt from {file:json}: {why:orderFile}': '无法从 {file} 导入订单：{why}',
    'the database is up to date': '数据库已是最新',
    'Name it: --merchant NAME': '请指明商户：`--merchant NAME`',
    'applied {migration:word}': '已应用 {migration}',
    'granted {role:word}': '已授权 {role}',
    'Cannot grant rights to {role:json}: {what:grant}; {remedy:grant}':
      '无法向 {role} 授权：{what}；{remedy}',
    'Cannot grant rights to {role:json}: {what:grant}': '无法向 {role} 授权：{what}',
    'Cannot grant rights: another process has been migrating for {minutes:word} minutes':
      '无法授权：另一个进程已迁移了 {minutes} 分钟',
    'The database is behind by {count:behind}, and its user {user:json} may not migrate it':
      '数据库落后 {count}，而用户 {user} 无权迁移',
    'The database is behind by {count:behind}, and its user {user:json} may not migrate it; {remedy:grant}':
      '数据库落后 {count}，而用户 {user} 无权迁移；{remedy}',
    'held {migration:word}': '待手动应用 {migration}',
    'A step waits: once no process of the version before runs, run `budan migrate --breaking`.':
      '有一个步骤待手动应用：待上一版本的进程全部停止后，运行 `budan migrate --breaking`。',
    'Applying {migration:word} ({nth:word} of {total:word})':
      '正在应用 {migration}（第 {nth} 个，共 {total} 个）',
    '{migration:word} waits until its tables are free, and is applied then':
      '{migration} 等数据表空闲后应用',
    'Stopping: what is in flight is finished first.': '正在停止：先完成进行中的工作。',
    '{due:due} due': '{due}到期待查',
    [`{runs:runs}: ${counts} duration_ms={ms:word}`]: `{runs}：${countsSaid}，耗时 {ms} 毫秒`,
    '{count:word} more without an answer: --json lists all':
      '另有 {count} 个未能查询：用 --json 列出全部',
    '{end:drainEnd}; {due:due} still due': '{end}；还有 {due}到期待查',
    'Nothing was written: the file stays as it is': '没有写入任何文件：原文件保持不变',
    'Nothing was written: the prompts were ended': '没有写入任何文件：询问已中止',
    'Cannot write configuration {file:json}: {why:unwritable}': '无法写入配置 {file}：{why}',
    'Querying {count:word} orders': '正在查询 {count} 个订单',
    '1 credit was verified: this number never falls, so keep it elsewhere and compare':
      '核验了 1 笔入账：这个数只增不减，请另处留存，以便对照',
    '{count:word} credits were verified: this number never falls, so keep it elsewhere and compare':
      '核验了 {count} 笔入账：这个数只增不减，请另处留存，以便对照',
    'Verifying 1 credit': '正在核验 1 笔入账',
    'Verifying {count:word} credits': '正在核验 {count} 笔入账',
    'Querying 1 order': '正在查询 1 个订单',
    [`run {id:word} {status:runStatus}: ${counts} duration_ms={ms:word}`]: `补单批次 {id} {status}：${countsSaid}，耗时 {ms} 毫秒`,
    [`run {id:word} {status:runStatus}: ${counts} duration_ms={ms:word} (dry run: nothing was changed)`]: `补单批次 {id} {status}：${countsSaid}，耗时 {ms} 毫秒（试运行：未作任何改动）`,
    '{due:due} still due': '还有 {due}到期待查',
    '{due:due} still due; at {pace:pace} they are done in {duration:duration}':
      '还有 {due}到期待查；按{pace}的速度，{duration}后查完',
    'Cannot listen on "{host}": no such host': '无法监听“{host}”：没有这个主机',
    'Cannot listen on "{host}" without server.api_token: anybody could place orders there':
      '未设置 server.api_token，不能监听“{host}”：否则任何人都可以下单',
    'Cannot listen on "{host}" port {port:word}: {why:listening?}':
      '无法监听“{host}”端口 {port}：{why}',
    'budan failed unexpectedly: {error}': 'budan 意外出错：{error}',
  },
  /** How `drain` ends. */
  drainEnd: {
    'nothing is due any more': '已没有到期待查的订单',
    'nothing is due now, but {due:due} still without an answer':
      '现在没有到期待查的订单，但还有 {due}没有查到结果',
    'stopped by a signal': '已按要求停止',
    'stopped, because every query would fail: {reason:breaker}':
      '已停止，因为查询全都会失败：{reason}',
    'stopped: the last run got no answer to any query': '已停止：上次运行的查询全无应答',
    'stopped: every order that was due at the start was queried, and orders come due as fast as they are queried':
      '已停止：开始时到期待查的都已查过，而订单到期与查询一样快',
    'stopped: {error:store}': '已停止：{error}',
  },
  runs: { '1 run': '补单 1 批', '{count:word} runs': '补单 {count} 批' },
  orderFile: {
    'it is empty; its first line must name the columns': '文件是空的；第一行须为列名',
    'it is a pipe, and is read more than once: give a file': '是管道，而内容要读多遍：请给出文件',
    'it is not UTF-8 text': '不是 UTF-8 文本',
    'it is not CSV ({why})': '不是有效的 CSV（{why}）',
    'it has no column {name:word}': '缺少列 {name}',
    'it has the column {name:json} twice': '列 {name} 出现了两次',
    'it needs one column for the amount, amount_fen or amount_yuan':
      '须有一个金额列：amount_fen（分）或 amount_yuan（元）',
    'the unit of its column amount is not known; name the column amount_fen or amount_yuan':
      '`amount` 列的单位不明：请把列名改为 amount_fen（分）或 amount_yuan（元）',
    'its column {name:json} is unknown; known columns are {known:words}':
      '不认识列 {name}；可用的列有：{known}',
    '{why:unreadable}': '{why}',
  },
  unwritable: {
    'its directory is not there': '目录不存在',
    'permission denied': '没有写入权限',
    'it is there already': '文件已存在',
    'it cannot be written ({code})': '写入失败（{code}）',
  },
  listening: {
    'EADDRINUSE, another program listens there: end it, or give another {key:listenKey}':
      '端口已被另一个程序占用（EADDRINUSE）：请结束那个程序，或另设 {key}',
    'EACCES, this user may not: give a {key:listenKey} from 1024 on':
      '当前用户没有权限（EACCES）：{key} 请设为 1024 或更大',
    'EACCES, this machine keeps that port back: give another {key:listenKey}':
      '本机保留了这个端口（EACCES）：请另设 {key}',
    'EADDRNOTAVAIL, this machine has no such address: give another {key:word}':
      '本机没有这个地址（EADDRNOTAVAIL）：请另设 {key}',
    'EAFNOSUPPORT, this machine has no IPv6: give an address of IPv4 as {key:word}':
      '本机没有 IPv6（EAFNOSUPPORT）：{key} 请用 IPv4 地址',
    'EINVAL, an address of one network card alone: give another {key:word}':
      '地址只属于某一块网卡（EINVAL）：请另设 {key}',
    'EMFILE, this process has too many files open: allow more (ulimit -n)':
      '本进程打开的文件过多（EMFILE）：请调大 `ulimit -n`',
    'no DNS server answers, and the name is needed to find the address':
      'DNS 服务器没有应答，无法由主机名得到地址',
    EADDRINUSE: '端口已被占用（EADDRINUSE）',
    'listen EADDRINUSE: address already in use {address:word}':
      '地址 {address} 已被占用（EADDRINUSE）',
    EACCES: '没有权限（EACCES）',
    EADDRNOTAVAIL: '本机没有这个地址（EADDRNOTAVAIL）',
  },
  listenKey: {
    'server.port (SERVER_PORT)': 'server.port（SERVER_PORT）',
    '--port': '--port',
  },
  due: {
    '1 order is': '1 个订单',
    '{count:word} orders are': '{count} 个订单',
  },
  pace: {
    '{count:word} every {minutes:word} min': '每 {minutes} 分钟 {count} 个',
    '{count:word} a second': '每秒 {count} 个',
  },
  duration: {
    '{count:word} {unit:unit}': '{count} {unit}',
    '{count:word} {unit:unit} {more:word} {smaller:unit}': '{count} {unit} {more} {smaller}',
  },
  unit: { d: '天', h: '小时', min: '分钟', s: '秒' },
  behind: {
    '1 migration': '1 个迁移',
    '{count:word} migrations': '{count} 个迁移',
  },
  grant: {
    'that is no name of a role: letters, digits, and _ $ . @ - behind the first':
      '这不是角色名：只能含字母、数字，以及首字符之后的 `_ $ . @ -`',
    'there is no such role': '没有这个角色',
    'create it: CREATE ROLE "{role}" LOGIN': '请创建它：`CREATE ROLE "{role}" LOGIN`',
    'no grant limits a superuser': '授权无法限制超级用户',
    "it owns budan's tables, their schema or the database, or is a member of who does":
      '它是 budan 的数据表、其模式或数据库的所有者，或是所有者的成员',
    'name a role that owns none of them': '请指定一个都不拥有的角色',
    "this user does not own budan's tables": '当前用户不是 budan 数据表的所有者',
    'run this as their owner': '请以其所有者运行',
    'this user does not own the schema "{schema}"': '当前用户不是模式“{schema}”的所有者',
    'let its owner run GRANT USAGE ON SCHEMA "{schema}" TO "{role}"':
      '请让其所有者执行 `GRANT USAGE ON SCHEMA "{schema}" TO "{role}"`',
    'an embedded database has no roles': '内嵌数据库没有角色',
    'run `budan migrate` as a user who may, or let its owner run GRANT USAGE, CREATE ON SCHEMA … TO this user':
      '请以有权限的用户执行 `budan migrate`，或请模式的所有者执行 `GRANT USAGE, CREATE ON SCHEMA … TO …`',
    "run `budan migrate` as the owner of budan's tables":
      '请以 budan 数据表的所有者运行 `budan migrate`',
  },
} as const satisfies PhraseSets

/** Why orders and credits are not sealed. */
export const sealingTroubles = {
  'the head of the proofs does not fit its seal, so what has no seal may be forged: run `budan audit --verify`':
    '证明的总计与其封签不符，没有封签的内容可能是伪造的：请运行 `budan audit --verify`',
}
