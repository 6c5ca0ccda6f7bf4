import type { PhraseSets } from '../phrases.ts'

/** What the HTTP API and the console refuse: the messages of `Refusal`. */
export const webPhrases = {
  refusal: {
    'Cannot find order {orderNo:json}': '找不到订单 {orderNo}',
    'Cannot find exception {id:json}': '找不到异常单 {id}',
    'Cannot close it: {why:closing}': '无法关闭：{why}',
    'Cannot find the files of the package "{name}": no node_modules beside the program, nor in the working directory "{directory}", has it. Install budan in one of them: npm install budan':
      '找不到软件包 {name} 的文件：程序旁边和工作目录 {directory} 的 node_modules 中都没有。请在其中之一安装 budan：`npm install budan`',
    'Cannot find run {runId:json}': '找不到补单批次 {runId}',
    'Cannot find session {id:json}': '找不到登录会话 {id}',
    'Cannot review: {conflict}': '无法处理：{conflict}',
    'The order of this Idempotency-Key is {status:status}, and there is no code for it that works: use a new key':
      '这个 Idempotency-Key 的订单{status}，已没有可用的支付二维码：请换一个新的',
    'another merchant has this order number or Idempotency-Key: merchants are kept apart once `budan migrate --breaking` has been run, when no node of the version before is left':
      '另一商户已有此订单号或 `Idempotency-Key`：待上一版本的进程全部停止并运行 `budan migrate --breaking` 后，各商户才互不影响',
    'merchant: must be given, because several are configured: {names:words}':
      '`merchant`：配置了多个商户，必须指明：{names}',
    'merchant: "{name}" is none that is configured': '`merchant`：没有配置名为“{name}”的商户',
    'app_id: "{appid}" is none of the app ids that are configured for this merchant':
      'app_id：“{appid}”不在为该商户配置的 appid 之中',
    'app_id: must be given, because the merchant has several: {appids:words}':
      'app_id：该商户有多个 appid，必须指明：{appids}',
    'order_no: "{orderNo}" begins with none of recharge.adopt_prefixes ({prefixes:words})':
      'order_no：“{orderNo}”不以 recharge.adopt_prefixes 中的任何一项开头（{prefixes}）',
    'expires_at: must be at most 15 days from now, as no trade is open for longer; leave it out where it is not known':
      'expires_at：最晚为当前时间之后 15 天，没有交易能保持更久；不知道时请不要填',
    'this Idempotency-Key placed order "{orderNo}" under {identity:other}; if the gateway never accepted it, give it up, and the key can be used again':
      '这个 Idempotency-Key 已用于订单“{orderNo}”：{identity}；如果支付渠道从未受理该订单，可放弃它，之后这个 Key 可再次使用',
    'this Idempotency-Key placed order "{orderNo}" under {identity:other}: use a new key':
      '这个 Idempotency-Key 已用于订单“{orderNo}”：{identity}；请换一个新的',
    'order "{orderNo}" was credited: it stays as it is': '订单“{orderNo}”已入账，不能再更正',
    'order "{orderNo}" was placed here, as it is: only adopted orders are corrected':
      '订单“{orderNo}”是在本系统下的单：只有导入的订单才能更正',
    'order "{orderNo}" is being settled at this moment: try again':
      '订单“{orderNo}”正在入账处理中：请稍后重试',
    '{refusal:abandoning}': '{refusal}',
    'The gateway refused the order: {code:word}: {message:gateway?}':
      '支付渠道拒绝下单：{code}：{message}',
    'The gateway did not answer ({cause:cause}: {message:gateway?}): repeat with the same Idempotency-Key':
      '支付渠道无应答（{cause}：{message}）：请用同一个 Idempotency-Key 重试',
    'this Idempotency-Key placed an order with {difference:other}':
      '这个 Idempotency-Key 已用于另一个订单：{difference}',
    'order "{orderNo}" is here already, with {difference:other}':
      '订单“{orderNo}”已存在：{difference}',
    'Idempotency-Key: this header is needed, so that a repeated request is one order':
      'Idempotency-Key：必须带上这个请求头，重复的请求才会是同一个订单',
    'Idempotency-Key: must be 1 to 128 visible ASCII characters':
      'Idempotency-Key：须为 1 到 128 个可见 ASCII 字符',
    'created_at: must not be in the future, but is {time:word}':
      'created_at：不能是将来的时间，现为 {time}',
    'expires_at: must be after created_at': 'expires_at：必须晚于 created_at',
    'expires_at: must be after created_at (now, where that is left out)':
      'expires_at：须晚于 created_at（未填时为当前时间）',
    'Cannot read the body: it is not valid JSON': '无法读取请求体：不是有效的 JSON',
    'Cannot read the body: it exceeds {size}': '无法读取请求体：超过 {size}',
    'Cannot read the body: {count:word} long ones are being read already':
      '无法读取请求体：已有 {count} 个较大的请求体正在读取',
    'Cannot read the body: its content type must be application/json':
      '无法读取请求体：Content-Type 须为 application/json',
    'Cannot read the body: it is not as long as its Content-Length says':
      '无法读取请求体：长度与 Content-Length 不符',
    'Cannot read the body: it is not valid UTF-8': '无法读取请求体：不是有效的 UTF-8',
    'Cannot read the path: its percent-encoding is broken': '无法读取路径：百分号编码有误',
    'Cannot read the path: a part of it is too long': '无法读取路径：其中一段过长',
    'The request did not finish in time; it may still succeed. Query its result, or repeat it.':
      '未能及时完成，但可能仍会成功。请查询结果，或重试。',
    'cursor: must be a next_cursor that this list answered with':
      'cursor：须为本列表返回过的 next_cursor',
    'after: must be a next_cursor that GET /v1/events answered with, not {after:json}':
      'after：须为 GET /v1/events 返回过的 next_cursor，现为 {after}',
    'after: Cannot go on from the cursor {cursor:json}: {why:gone}':
      'after：无法从游标 {cursor} 继续：{why}',
    'wait: {count:word} requests are held already: read without it, or wait with fewer':
      'wait：已有 {count} 个请求在等待：请不带它读取，或减少等待的请求',
    'The database is not available. Whether the request took effect is not known: repeat it':
      '数据库不可用，请求是否已生效未知：请重试',
    'Internal error; the log of budan has the cause': 'budan 内部出错，详见日志',
    'Cannot read the request': '无法读取请求',
    'No such route: {route}': '没有这个接口：{route}',
    'No such page: {path}': '没有这个页面：{path}',
    'budan is stopping': 'budan 正在停止',
    'Authorization: a Bearer token is needed': 'Authorization：需要 Bearer 令牌',
    'Authorization: the token is wrong': 'Authorization：令牌不正确',
    'Authorization: the token has expired': 'Authorization：令牌已过期',
    'Token "{name}" lacks the scope {scope:word}': '令牌“{name}”没有权限 {scope}',
    'The form is out of date. Nothing was done': '表单已过期，操作没有执行',
    '{count:word} pages are kept up to date already: close some':
      '已有 {count} 个页面在实时更新：请关闭一些',
    'Cannot read the form: its content type must be application/x-www-form-urlencoded':
      '无法读取表单：Content-Type 须为 application/x-www-form-urlencoded',
    'Refused: the request was sent by a page of another site': '已拒绝：请求由其他网站的页面发出',
    'Refused: the form was sent from another site. Nothing was done':
      '已拒绝：表单来自其他网站，操作没有执行',
    'Cannot serve host "{host}" without server.api_token: use the address that serve printed':
      '未设置 server.api_token 时不能以“{host}”访问：请使用 serve 启动时给出的地址',
    '{name:word}: cannot be "{value}"': '{name}：不能是“{value}”',
  },
  /** Why nobody can go on from a cursor of events. */
  gone: {
    'it is of another database': '它属于另一个数据库',
    'the database was restored to a time before it': '数据库被恢复到了它之前的时间',
    'the events behind it are not kept any more': '其后的事件已不再保留',
  },
  /** Why an order is not given up. */
  abandoning: {
    'order "{orderNo}" is {status:status}': '订单“{orderNo}”{status}',
    'the gateway accepted order "{orderNo}": it is credited when it is paid, and expires when it cannot be paid any more':
      '支付渠道已受理订单“{orderNo}”：支付后会入账，不能再支付时会关单',
    'the gateway knows order "{orderNo}": it says {state}':
      '支付渠道有订单“{orderNo}”，状态是 {state}',
    'order "{orderNo}" is of merchant {mchid:word} ({gateway:word}), which is not configured':
      '订单“{orderNo}”属于商户 {mchid}（{gateway}），该商户没有配置',
    'order "{orderNo}" was adopted for merchant {mchid:word}, which is not configured: nobody can say whether it was paid':
      '订单“{orderNo}”是为商户 {mchid} 导入的，该商户没有配置：无法确认是否已支付',
    'what the gateway says is not believed now: {reason:breaker}':
      '目前不采信支付渠道的应答：{reason}',
    'Cannot give up order "{orderNo}": {message:gateway?}': '无法放弃订单“{orderNo}”：{message}',
  },
  other: {
    'app id "{theirs}" of merchant {mchid:word} ({gateway:word}), not app id "{ours}" of merchant {other:word} ({otherGateway:word})':
      '属于商户 {mchid} 的 appid“{theirs}”（{gateway}），而不是商户 {other} 的 appid“{ours}”（{otherGateway}）',
    'another user_id': 'user_id 不同',
    'the amount {amount:word}': '金额是 {amount}',
    'another description': 'description 不同',
    'another attach': 'attach 不同',
    'another created_at': 'created_at 不同',
    'another expires_at': 'expires_at 不同',
    'budan itself as its maker': '是由 budan 下的单',
  },
  /** Several of a request's fields may be wrong at once. */
  validation: {
    '{first:validation}; {rest:validation}': '{first}；{rest}',
    '{field:word}: {rule:rule}': '{field}：{rule}',
    '{field:word}: {rule:rule}, and is missing': '{field}：{rule}，现缺少',
    '{field:word}: {rule:rule}, not {value:json}': '{field}：{rule}，现为 {value}',
    'Unrecognized key: {key:json}': '未知字段：{key}',
    'Unrecognized keys: {keys:words}': '未知字段：{keys}',
    'the order must be a JSON object': '订单须为 JSON 对象',
    'the body must be a JSON object': '请求体须为 JSON 对象',
    'must hold one of user_id, amount, expires_at, app_id':
      '至少须给出一项要更正的内容：user_id、金额、expires_at、app_id',
  },
  rule: {
    'must be {name:json}, the name of the token, or left out': '须为令牌的名称 {name}，或不填',
    'must be a string': '须为字符串',
    'must be true or false': '须为 true 或 false',
    'must be true, false or left out': '须为 true、false 或不填',
    'must be given once': '只能给出一次',
    'must be a list, separated by commas, of {types:words}': '须为以逗号分隔的类型：{types}',
    'must be whole seconds, from 0 to {max:word}': '须为 0 到 {max} 的整秒数',
    'must be an integer from {min:word} to {max:word}': '须为 {min} 到 {max} 的整数',
    'must be an integer from {min:word} to {max:word} (fen)': '须为 {min} 到 {max} 的整数（分）',
    'must be one of {choices:words}': '须为以下之一：{choices}',
    'must have {min:word} to {max:word} characters': '须有 {min} 到 {max} 个字符',
    'must have {min:word} to {max:word} characters, not blanks alone':
      '须有 {min} 到 {max} 个字符，不能只有空白',
    'must not hold control characters or lone surrogates': '不能含有控制字符或残缺字符',
    'must not hold {point:word}, which looks like nothing': '不能含有看不见的字符 {point}',
    'must not begin or end with a blank': '首尾不能有空白',
    'must not hold two blanks in a row': '不能有连续的空白',
    'must be in Unicode’s composed form (NFC), for others look like it':
      '字母与其附加符号须合为一个字符（NFC），分开写看起来相同',
    'must not hold emoji (4-byte characters)': '不能含有表情符号（4 字节字符）',
    'must be 6 to 32 of 0-9 A-Z a-z _ - | *': '须为 6 到 32 个字符，只含 0-9 A-Z a-z _ - | *',
    'must be an RFC 3339 time with an offset, of the years 2000 to 2099':
      '须为带时区的 RFC 3339 时间，年份在 2000 到 2099 之间',
    'must be the `seen` of a preview': '须为预览返回的 `seen`',
    'must be an app id, like wx0123…': '须为 appid，如 wx0123…',
    'must be a number from {min:word}': '须为不小于 {min} 的数字',
    'is wrong': '有误',
  },
  closing: {
    'exception {id:word} is the review of order "{orderNo}": resolve or dismiss the review, which closes it':
      '异常单 {id} 属于待处理订单“{orderNo}”：处理或忽略该订单后自动关闭',
    'exception {id:word} was closed by "{by}" at {at:word}: {reason}':
      '异常单 {id} 已由“{by}”于 {at} 关闭：{reason}',
  },
} as const satisfies PhraseSets
