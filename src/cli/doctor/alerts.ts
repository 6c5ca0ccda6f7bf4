import type { AlertConfig } from '../../config/config.ts'
import { isLoopback } from '../../config/values.ts'
import { type Finding, ok, warn } from './finding.ts'

interface Form {
  readonly hosts: readonly string[]
  readonly path: RegExp
  /** The parameter that holds the robot's key. */
  readonly parameter: string | null
  /** As the robot's page shows it, without a key. */
  readonly like: string
}

const forms: Readonly<Partial<Record<AlertConfig['kind'], Form>>> = {
  wecom: {
    hosts: ['qyapi.weixin.qq.com'],
    path: /^\/cgi-bin\/webhook\/send$/,
    parameter: 'key',
    like: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…',
  },
  dingtalk: {
    hosts: ['oapi.dingtalk.com', 'api.dingtalk.com'],
    path: /^\/robot\/send$/,
    parameter: 'access_token',
    like: 'https://oapi.dingtalk.com/robot/send?access_token=…',
  },
  feishu: {
    hosts: ['open.feishu.cn', 'open.larksuite.com'],
    path: /^\/open-apis\/bot\/v2\/hook\/[^/]+$/,
    parameter: null,
    like: 'https://open.feishu.cn/open-apis/bot/v2/hook/…',
  },
}

/** Whether the url of each has the form of its kind. Sends nothing: `budan alerts test` does. */
export function examineAlerts(alerts: readonly AlertConfig[] = []): readonly Finding[] {
  return alerts.map(examineOne)
}

function examineOne({ name, kind, url }: AlertConfig): Finding {
  const place = `alert ${name}`
  const form = forms[kind]
  const { hostname } = new URL(url)
  if (form === undefined || isLoopback(hostname)) return ok(place, `${kind}, at ${hostname}`)
  const odd = oddIn(new URL(url), form)
  if (odd === null) return ok(place, `${kind}, at ${hostname}`)
  return warn(place, {
    detail: `${kind}, at ${hostname}: ${odd}`,
    next: `compare it with ${form.like}, and try it: budan alerts test --name ${name}`,
  })
}

/** A company may have a server of its own, so another host is no fault. */
function oddIn({ hostname, pathname, searchParams }: URL, form: Form): string | null {
  if (!form.path.test(pathname)) return 'the path is not that of a robot'
  if (form.parameter !== null && !searchParams.get(form.parameter)) {
    return `the url has no ${form.parameter}`
  }
  return form.hosts.includes(hostname) ? null : 'the host is not the usual one'
}
