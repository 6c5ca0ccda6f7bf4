import type { PhraseSets } from '../phrases.ts'

/** Why a bill cannot be used. Titles and values stay as the bill has them. */
export const billPhrases = {
  bill: {
    'Cannot read the bill {file:json}: {why:unreadable?}': '无法读取账单 {file}：{why}',
    'Cannot use the bill {file:json}: {why:billProblem}': '账单 {file} 不可用：{why}',
    'Cannot use the bill {file:json}: line {line:word}: {why:billProblem}':
      '账单 {file} 不可用：第 {line} 行，{why}',
    'Cannot use the bill {file:json}: line {line:word}: {column}: {why:billProblem}':
      '账单 {file} 不可用：第 {line} 行，{column}：{why}',
  },
  billProblem: {
    'it is empty': '内容为空',
    'it is an error of the gateway in JSON, and not a bill: download it again':
      '内容是支付渠道返回的 JSON 错误，不是账单：请重新下载',
    'it is a web page, and not a bill: download it again': '内容是网页，不是账单：请重新下载',
    'it is a zip archive: unpack it first': '内容是 zip 压缩包：请先解压',
    'it is not UTF-8 text: download it again, and keep it as it comes':
      '内容不是 UTF-8 文本：请重新下载，并保持原样',
    'its gzip is cut off: download it again': 'gzip 不完整：请重新下载',
    'its gzip is damaged: download it again': 'gzip 已损坏：请重新下载',
    'it is longer than any line of a bill': '比账单的任何一行都长',
    'the title is missing': '缺少这个标题',
    'the title is there twice': '这个标题出现了两次',
    'the line does not have the fields that the titles name': '该行的字段与标题不符',
    'it is not an order number': '不是订单号',
    'it is not a transaction id': '不是交易单号',
    'it is not a refund id': '不是退款单号',
    'it is not one of SUCCESS, REFUND and REVOKED': '不是 SUCCESS、REFUND 或 REVOKED',
    'only CNY can be compared': '只能比对 CNY',
    'it is not a time like 2026-01-31 08:00:00': '不是 2026-01-31 08:00:00 这样的时间',
    'it is not an amount in yuan with at most 2 places': '不是最多两位小数的金额（元）',
    'it is not a number of rows': '不是行数',
    'the summary at its end is missing: the file is cut off': '缺少末尾的汇总：文件不完整',
    'this transaction has another amount in an earlier line or bill':
      '这笔交易在前面的行或账单中金额不同',
    'there is more after the summary: give each bill as a file of its own':
      '汇总之后还有内容：每份账单请单独作为一个文件',
    'the lines add up to something else': '与各行的合计不符',
    '{why:billProblem} ({total:word})': '{why}（{total}）',
  },
} as const satisfies PhraseSets
