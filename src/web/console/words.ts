import { gatewayCatalog } from './frame/rendering.ts'

/** Of what all pages have in common. */
export const commonWords = gatewayCatalog({
  en: () => ({
    sections: {
      overview: 'Overview',
      orders: 'Orders',
      runs: 'Runs',
      reviews: 'Reviews',
      exceptions: 'Exceptions',
      accounts: 'Accounts',
      audit: 'Audit',
      sessions: 'Sessions',
    },
    menu: 'Main menu',
    skip: 'Skip to the content',
    logOut: 'Log out',
    ownRights: 'own rights',
    theme: 'Appearance',
    themes: { auto: 'System', light: 'Light', dark: 'Dark' },
    version: (version: string) => `Version ${version}`,
    timesAre: 'Times are UTC+8.',
    forPrograms: 'For programs',
    next: 'Next page',
    first: 'First page',
    none: 'None.',
    merchant: 'Merchant',
    copy: 'Copy',
    copied: 'Copied',
    unavailable: 'Not available right now. The log has the cause.',
    unreachable: 'budan is not reachable. Reload to see what happened.',
    pages: 'Pages of the list',
  }),
  zh: () => ({
    sections: {
      overview: '总览',
      orders: '订单',
      runs: '补单批次',
      reviews: '待处理',
      exceptions: '异常单',
      accounts: '账户',
      audit: '账目自检',
      sessions: '登录会话',
    },
    menu: '主菜单',
    skip: '跳到正文',
    logOut: '退出登录',
    ownRights: '自定义权限',
    theme: '外观',
    themes: { auto: '跟随系统', light: '浅色', dark: '深色' },
    version: (version: string) => `版本 ${version}`,
    timesAre: '时间均为北京时间（UTC+8）。',
    forPrograms: '程序接口',
    next: '下一页',
    first: '第一页',
    none: '暂无。',
    merchant: '商户',
    copy: '复制',
    copied: '已复制',
    unavailable: '暂时不可用，原因见日志。',
    unreachable: '暂时连接不上 budan，操作结果未知，请刷新页面查看。',
    pages: '列表翻页',
  }),
})

export type CommonWords = ReturnType<typeof commonWords>

/** Each language by its own name. */
export const localeNames = { en: 'English', zh: '中文' } as const

/** Each language by its tag, for those who read a page aloud or choose its glyphs. */
export const languageTags = { en: 'en', zh: 'zh-CN' } as const
