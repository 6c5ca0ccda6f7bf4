import type { PhraseSets } from '../phrases.ts'

/** Why a report cannot begin or go on. */
export const reportPhrases = {
  report: {
    'Cannot resume from {file:json}: it is not the state of a report':
      '无法从 {file} 继续：它不是核查的进度文件',
    'Cannot resume from {file:json}: line {nth:word} is damaged':
      '无法从 {file} 继续：第 {nth} 行已损坏',
    'Cannot resume from {file:json}: it is about {was:reportFacet}, and this report is about {is:reportFacet}':
      '无法从 {file} 继续：它核查的是{was}，而这次是{is}',
    'Cannot write {file:json}: another report has written to it':
      '无法写入 {file}：另一次核查也在写这个文件',
    'Cannot use {file:json}: {why}': '无法使用 {file}：{why}',
    'rows={rows:word} queried={queried:word} unanswered={unanswered:word} skipped={skipped:word}':
      '共 {rows} 行，已查单 {queried}，无结果 {unanswered}，跳过 {skipped}',
    'the disk is full': '磁盘已满',
    'no query had a valid answer': '没有一次查询得到有效应答',
  },
  reportFacet: {
    'merchant {mchid:word} ({gateway:word})': '商户 {mchid}（{gateway}）',
    'app ids {ids:words}': 'appid {ids}',
    '{days:words} days': '最近 {days} 天',
    'source {source}': '订单来源 {source}',
    'sources {sources}': '订单来源 {sources}',
  },
} as const satisfies PhraseSets
