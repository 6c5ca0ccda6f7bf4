import { catalog } from '../../i18n/locale.ts'

export const sourceWordsOf = catalog({
  en: {
    offer:
      'Connect a table of orders that the shop keeps itself, to read what was not credited? [y/N] ',
    url: 'Its database, mysql://… or postgres://…; a user that may read the table is enough (not shown): ',
    isRight: 'Are these rows understood as they are meant?',
    yes: ['y', 'yes'],
  },
  zh: {
    offer: '要接入商户自己的订单表、找出未入账的订单吗？[y/N] ',
    url: '它的数据库，mysql://… 或 postgres://…；只需能读取该表的用户（不回显）：',
    isRight: '这些行理解得对吗？',
    yes: ['y', 'yes', '是', '好'],
  },
})
