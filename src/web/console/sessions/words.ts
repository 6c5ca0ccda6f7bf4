import { catalog } from '../../../i18n/locale.ts'
import type { TokenState } from '../../access/tokens.ts'

export const sessionWords = catalog({
  en: {
    about:
      'Who is logged in to the console, the newest login first. A session that is ended is over on all nodes at once; its token can log in again unless it is taken out of the configuration.',
    columns: {
      name: 'Token',
      role: 'Role now',
      address: 'From',
      created: 'Opened',
      expires: 'Ends',
      end: 'End it',
    },
    own: 'this one',
    states: {
      valid: 'valid',
      token_expired: 'the token has expired',
      token_gone: 'the token is not configured any more',
    } as Readonly<Record<TokenState, string>>,
    end: 'End',
    endAll: (name: string) => `End all of ${name}`,
    empty: 'Nobody is logged in.',
    ended: (count: number) =>
      count === 1 ? 'Done: one session has ended.' : `Done: ${count} sessions have ended.`,
    nothingEnded: 'There is no such session: it has ended already.',
  },
  zh: {
    about:
      '当前登录控制台的会话，最新的在前。结束后立即在所有节点失效；令牌如果没有从配置中移除，仍可再次登录。',
    columns: {
      name: '令牌',
      role: '当前角色',
      address: '来源地址',
      created: '登录时间',
      expires: '失效时间',
      end: '结束',
    },
    own: '当前会话',
    states: {
      valid: '有效',
      token_expired: '令牌已过期',
      token_gone: '令牌已从配置中移除',
    } as Readonly<Record<TokenState, string>>,
    end: '结束',
    endAll: (name: string) => `结束 ${name} 的全部会话`,
    empty: '没有人登录。',
    ended: (count: number) => `已结束 ${count} 个会话。`,
    nothingEnded: '没有这个会话：它已经结束。',
  },
})
