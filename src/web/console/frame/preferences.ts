import { z } from 'zod'
import { locales } from '../../../i18n/locale.ts'
import { Refusal } from '../../errors.ts'
import type { WebApp } from '../../web-app.ts'
import { cookieNames, ownPath, setCookie, themes } from '../visitor.ts'
import { readForm } from './forms.ts'

const form = z.object({
  locale: z.enum(locales).optional(),
  theme: z.enum(themes).optional(),
  next: z.string().optional(),
})

const yearS = 365 * 86_400

/** Language and appearance, stored by the browser. */
export function addPreferences(app: WebApp): void {
  app.post('/preferences', async (request, reply) => {
    const read = readForm(form, request.body)
    if (!read.ok) {
      const [name = ''] = Object.keys(read.faults)
      const message = `${name}: cannot be "${read.given[name] ?? ''}"`
      throw new Refusal(400, { code: 'request_invalid', message })
    }
    for (const name of ['locale', 'theme'] as const) {
      const value = read.value[name]
      if (value === undefined) continue
      setCookie({ request, reply }, { name: cookieNames[name], value, maxAgeS: yearS })
    }
    return reply.redirect(ownPath(read.value.next), 303)
  })
}
