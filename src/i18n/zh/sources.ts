import type { PhraseSets } from '../phrases.ts'

/** What is wrong with the description of a shop's own table, or with reading it. */
export const sourcePhrases = {
  source: {
    'source {name:json} {key:word}: {fault:sourceFault}': '订单来源 {name} 的 {key}：{fault}',
    'Cannot {action:sourceAction}: {why}; {remedy:sourceRemedy}': '无法{action}：{why}；{remedy}',
    'Cannot {action:sourceAction}: {why}; {remedy:remedy}': '无法{action}：{why}；{remedy}',
    'Cannot {action:sourceAction}: {why}': '无法{action}：{why}',
    'Cannot go on reading from {position:json}: no source gave that position':
      '无法从 {position} 继续读取：没有订单来源给出过这个位置',
    'Cannot go on reading source "{name}": the position is of another table':
      '无法继续读取订单来源“{name}”：这个位置属于另一张表',
    'Cannot read source "{name}": its column "{column}" has more than {count:word} values: it is no status':
      '无法读取订单来源“{name}”：列“{column}”有超过 {count} 种取值，不是状态列',
    'Cannot read source "{name}": {numbers:word} values of its column "{column}" have {count:word} rows or more: it is no order number':
      '无法读取订单来源“{name}”：列“{column}”的 {numbers} 个值对应 {count} 行以上，不是订单号列',
  },
  sourceAction: {
    'look for the table': '查找订单表',
    'open source {name:json}': '打开订单来源 {name}',
    'read source {name:json} ({table})': '读取订单来源 {name}（{table}）',
    'examine source {name:json} ({table})': '检查订单来源 {name}（{table}）',
    'count the rows of source {name:json} ({table})': '统计订单来源 {name}（{table}）的行数',
    'read rows again from source {name:json} ({table})': '重新读取订单来源 {name}（{table}）的行',
  },
  sourceRemedy: {
    'correct user and password in its url': '请更正 url 中的用户名和密码',
    'grant this user the right to read: `grant select on DATABASE.TABLE`':
      '请给该用户授予读取权限：`grant select on 库名.表名`',
    'grant this user the right to read: `grant select on TABLE`':
      '请给该用户授予读取权限：`grant select on 表名`',
    'grant this user the right to read each column that the mapping names':
      '请给该用户授予列映射中每一列的读取权限',
    "correct the database's name in its url": '请更正 url 中的库名',
    'the server has no connection left for us: try later, or allow more':
      '服务器的连接已用完：请稍后再试，或调高上限',
    'it was ended after 5 s: create the index that `budan sources` names':
      '运行 5 秒后被终止：请建立 `budan sources` 给出的索引',
    'nobody listens there: start the server, or correct host and port':
      '该地址没有服务在监听：请启动数据库，或更正主机和端口',
    'no such host is known: correct its name in the url': '找不到这个主机：请更正 url 中的主机名',
    'it takes no connection in time: a firewall may drop what is sent there':
      '连接超时：可能被防火墙丢弃',
    'it offers no TLS: leave sslmode out of the url': '服务器不支持 TLS：请去掉 url 中的 sslmode',
  },
  sourceFault: {
    '{table} has no column {column:json}; did you mean {near:word}? It has {columns}':
      '{table} 没有列 {column}；是否想写 {near}？它有：{columns}',
    '{table} has no column {column:json}; it has {columns}':
      '{table} 没有列 {column}；它有：{columns}',
    '{server:word} has no table or view {table:json}, or this user may not see it':
      '{server} 没有表或视图 {table}，或该用户无权查看',
    '{column:json} is of the type {type}, not a number: leave unix out':
      '{column} 的类型是 {type}，不是数字：请去掉 unix',
    '{column:json} is of the type {type}, which has no time zone: give the one that it is written in, like Asia/Shanghai':
      '{column} 的类型是 {type}，不带时区：请写明时区，例如 Asia/Shanghai',
    '{column:json} is of the type {type}: give s or ms, its unit since 1970':
      '{column} 的类型是 {type}：请给出单位 s 或 ms（自 1970 年起）',
    '{column:json} is of the type {type}, which is no time: make a view that converts it':
      '{column} 的类型是 {type}，不是时间：请建一个视图来转换',
    '{column:json} is of the type {type}, which is no amount': '{column} 的类型是 {type}，不是金额',
    '{value:json} is no value of {column:json}, which is of the type {type}':
      '{column} 的类型是 {type}，不可能有值 {value}',
  },
} as const satisfies PhraseSets

/** Faults of keys under `sources:`, for the set of all such faults. */
export const sourceConfigFaults = {
  'must be a list, like "- name: shop"': '须为列表，例如 "- name: shop"',
  'is a list of more than 20 sources': '列表超过 20 个订单来源',
  '{value:json} is the name of another source as well': '{value} 与另一个订单来源重名',
  "a value of {length:word} characters is not the url of a shop's database: mysql://… or postgres://…":
    '{length} 个字符的值不是商户数据库的 url：应为 mysql://… 或 postgres://…',
  'must name one host: mysql://HOST:PORT/DATABASE': '须写一个主机：mysql://主机:端口/库名',
  'names no database: mysql://HOST:PORT/DATABASE': '没有写库名：mysql://主机:端口/库名',
  'has a parameter, and takes only {names:words}': '带有参数，而这里只接受 {names}',
  'has a parameter {name:word}, and takes only {names:words}':
    '带有参数 {name}，而这里只接受 {names}',
  'has an sslmode that is none of {names:words}': '的 sslmode 不是 {names} 之一',
  'has sslmode verify-ca, which needs sslrootcert, the file of the CA':
    '的 sslmode 为 verify-ca，需要 sslrootcert（CA 证书文件）',
  'has one of sslcert and sslkey: give both or neither':
    '只写了 sslcert 和 sslkey 之一：请同时给出，或都不给',
  "not set, and budan's own database is embedded: give the url of the shop's database":
    '没有设置，而 budan 自己的数据库是内嵌的：请给出商户数据库的 url',
  'given together with url: give one of them': '与 url 同时给出：只能给出一个',
  '{value:json} is no preset: there are {names:words}': '{value} 不是预设：现有 {names}',
  '{value:json} is no preset; did you mean {name:word}?': '{value} 不是预设；是否想写 {name}？',
  'a list or a mapping is no preset: there are {names:words}': '不能是列表或映射：现有预设 {names}',
  'not set, and the preset {name:word} cannot know it: {why}':
    '没有设置，预设 {name} 无法得知：{why}',
  'is an empty list: give at least one status': '是空列表：至少给出一个状态',
  'must be a single value': '须为单个值',
  'must hold columns and values, like "payment_method: wechat"':
    '须由列名和值组成，例如 "payment_method: wechat"',
  'must be a list of columns, like [amount, fee]': '须为列名的列表，例如 `[amount, fee]`',
  'is an empty list: give at least one column': '是空列表：至少给出一列',
  'is a list of more than 5 columns': '列表超过 5 列',
  'must be a list of statuses, like [pending]': '须为状态的列表，例如 `[pending]`',
  'is a list of more than 50 statuses': '列表超过 50 个状态',
  '{value:json} is no name of a source: 1 to 32 of a-z 0-9 -, the first a letter':
    '{value} 不能作订单来源的名称：须为 1 到 32 个 a-z 0-9 -，以字母开头',
  '{value:json} is no name of a column': '{value} 不是列名',
  '{value:json} is no name of a table: TABLE, or SCHEMA.TABLE':
    '{value} 不是表名：应为 表名 或 模式.表名',
  '{value:json} is longer than 100 characters': '{value} 超过 100 个字符',
  'not set: give the column of the amount, or several as sum':
    '没有设置：请给出金额的列，或用 sum 给出几列',
  'given together with column: give one of them': '与 column 同时给出：只能给出一个',
  'given together with unix, which has no zone: take one of them away':
    '与 unix 同时给出，而 unix 时间没有时区：请去掉一个',
  'not set: give the column, or minutes after created_at':
    '没有设置：请给出列，或 created_at 之后的分钟数 minutes',
  '{value:json} is named in {other:word} as well': '{value} 也写在了 {other} 里',
  "must be report: this version reads a shop's own table, and credits nothing in it":
    '只能是 report：本版本只读取商户自己的表，不在其中入账',
  '{value:json} is no time zone, like Asia/Shanghai, UTC or +08:00':
    '{value} 不是时区，例如 Asia/Shanghai、UTC 或 +08:00',
  'not set': '没有设置',
} as const
