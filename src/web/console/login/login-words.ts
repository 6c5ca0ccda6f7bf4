import { z } from 'zod'
import { catalog } from '../../../i18n/locale.ts'

export const loginWords = catalog({
  en: {
    title: 'Log in',
    token: 'Token',
    hint: 'Your own token, or server.api_token of the configuration.',
    logIn: 'Log in',
    wrong: 'There is no such token.',
    expired: 'This token has expired. An administrator can make a new one.',
    old: 'This page was out of date. Enter the token again.',
    ended: {
      kept: 'Your login has ended, and nothing was done. Log in again: your input is kept.',
      lost: 'Your login has ended, and nothing was done. Your input is too long to be kept: go back, copy it, and then log in again.',
    },
  },
  zh: {
    title: '登录',
    token: '令牌',
    hint: '本人的令牌，或配置中的 server.api_token。',
    logIn: '登录',
    wrong: '令牌不正确。',
    expired: '令牌已过期，请申请新的令牌。',
    old: '页面已过期，请重新输入令牌。',
    ended: {
      kept: '登录已失效，刚才的操作没有执行。请重新登录，所填内容会保留。',
      lost: '登录已失效，刚才的操作没有执行。所填内容过长，无法保留：请先返回上一页复制，再重新登录。',
    },
  },
})

/** An empty token fails the comparison, like a wrong one. */
export const loginForm = z.object({
  token: z.string().transform((token) => token.trim()),
  next: z.string().optional(),
})
