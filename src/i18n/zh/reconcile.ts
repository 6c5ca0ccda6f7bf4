import type { PhraseSets } from '../phrases.ts'

/** Why an export, or a map to it, cannot be used. */
export const reconcilePhrases = {
  export: {
    'Cannot use the export {file:json}: {why:exportFault}': '导出文件 {file} 不可用：{why}',
    'The export has no column {column:json}: {columns}': '导出文件没有列 {column}：{columns}',
    'The export has the column {column:json} twice': '导出文件的列 {column} 出现了两次',
    'The export has the column {column:json}, and "status: paid" of the map says that there is none: list its values under paid, unpaid and refunded':
      '导出文件有列 {column}，而映射中的“status: paid”表示没有状态列：请把它的值分别列在 `paid`、`unpaid` 和 `refunded` 下',
    'Nothing was compared: the prompts were ended': '没有进行核对：询问已中止',
    'Cannot write {file:json}: {why:unreadable?}': '无法写入 {file}：{why}',
    '--csv: {file:json} is one of the files to read': '--csv：{file} 是要读取的文件之一',
    'Cannot keep more than 4 GB of texts': '无法保存超过 4 GB 的文本',
    'Reading {file}': '正在读取 {file}',
    '{file}: {key:word}: {why:mapFault}': '{file}：{key}：{why}',
  },
  exportFault: {
    'it is empty': '内容为空',
    'it is neither UTF-8 nor GBK text': '内容既不是 UTF-8，也不是 GBK 文本',
    'it is an Excel workbook: save it as CSV': '内容是 Excel 工作簿：请另存为 CSV',
    'it is not text: save it as CSV': '内容不是文本：请另存为 CSV',
    'its lines end with carriage returns alone: save it with line feeds':
      '各行只以回车符结尾：请另存为以换行符结尾的文件',
    'it is a pipe, and is read more than once: give a file': '是管道，而内容要读多遍：请给出文件',
    'it is a web page, and not an export': '内容是网页，不是导出文件',
    'it has a line that is no row of orders': '有一行长得不可能是订单',
    'line {line:word}: a quote is not closed': '第 {line} 行：引号没有闭合',
    'it is not CSV ({why})': '不是 CSV（{why}）',
    'no column is recognized for {uses:words} among {columns}: name it in a file for --map':
      '在 {columns} 中认不出“{uses}”：请在 --map 的文件中写明',
    '{why:unreadable}': '{why}',
  },
  mapFault: {
    'unknown key': '没有这个键',
    'unknown key; did you mean {key:word}?': '没有这个键；是否想写“{key}”？',
    'must hold keys, like "key: value"': '应当是“键: 值”的形式',
    'must be one value': '只能是一个值',
    'must name a column, like "订单号" or { column: 金额, unit: yuan }':
      '应当是列名，如“订单号”或 `{ column: 金额, unit: yuan }`',
    'must be yuan or fen': '应当是 `yuan` 或 `fen`',
    'must be Asia/Shanghai, UTC, or an offset like +08:00':
      '应当是 Asia/Shanghai、UTC 或 +08:00 这样的时差',
    'must be a list of statuses': '应当是状态的列表',
    '{status:json} has another meaning already': '{status} 已有另一个含义',
  },
} as const satisfies PhraseSets
