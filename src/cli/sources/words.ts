import { catalog } from '../../i18n/locale.ts'
import type { StatusCount } from '../../sources/examine.ts'

export const sourcesWordsOf = catalog({
  en: {
    view: 'a view',
    rows: (count: number) => `about ${count}`,
    /** Of a status, by what the mapping makes of it. */
    standing: {
      pending: 'pending: read',
      revivable: 'ended by the shop, may be revived: read',
      credited: 'credited or done: not read',
      unknown: 'not named in the mapping: each row is shown and nothing is certain',
    } satisfies Record<StatusCount['standing'], string>,
    readOnly: 'reading alone',
    moreRights: (rights: string) => `reading, and more than is needed: ${rights}`,
    unique: 'unique',
    notUnique: 'not unique in the schema',
    samples: 'The newest rows, as they are understood:',
    plan: (usesIndex: boolean): string =>
      usesIndex ? 'The first page is read by an index:' : 'The first page reads the whole table:',
    noTraps: 'The schema shows nothing that may credit an order twice or lose one.',
    noRows: 'The table has no row.',
    tooSlow: 'Rows could not be counted or shown within 5 s: see the plan and the index below.',
  },
  zh: {
    view: '视图',
    rows: (count) => `约 ${count} 行`,
    standing: {
      pending: '待确认：读取',
      revivable: '商户已结束、可恢复：读取',
      credited: '已入账或已完结：不读取',
      unknown: '列映射中没有：逐行列出，不能下结论',
    },
    readOnly: '仅读取',
    moreRights: (rights) => `读取，另有多余的权限：${rights}`,
    unique: '唯一',
    notUnique: '表结构未保证唯一',
    samples: '最新的几行，budan 的理解如下：',
    plan: (usesIndex) => (usesIndex ? '第一页通过索引读取：' : '第一页要扫描全表：'),
    noTraps: '从表结构看不出会重复入账或漏单的隐患。',
    noRows: '表中没有数据。',
    tooSlow: '5 秒内未能统计或列出各行：请看下面的执行计划和应建的索引。',
  },
})
