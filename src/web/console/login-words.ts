import { z } from 'zod'
import { catalog } from '../../locale/locale.ts'

export const loginWords = catalog({
  en: {
    title: 'Log in',
    token: 'API token',
    hint: 'server.api_token of the configuration.',
    logIn: 'Log in',
    wrong: 'This is not the API token.',
    wait: (seconds: number) => `Too many failures. Try again in ${seconds} s.`,
    ended: 'Your login has ended, and nothing was done. Log in again: what you typed is kept.',
  },
  zh: {
    title: '登录',
    token: 'API 令牌',
    hint: '即配置中的 server.api_token。',
    logIn: '登录',
    wrong: '令牌不正确。',
    wait: (seconds: number) => `失败次数过多，请 ${seconds} 秒后再试。`,
    ended: '登录已失效，刚才的操作没有执行。请重新登录，所填内容会保留。',
  },
})

/** A token that is none is told by the comparison, like one that is wrong. */
export const loginForm = z.object({
  token: z.string().transform((token) => token.trim()),
  next: z.string().optional(),
  kept: z.string().optional(),
})
