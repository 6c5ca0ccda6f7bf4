import type { Visit } from './visit.ts'

/** A form of a page, as its page sends it. */
export interface Form {
  /** Path, and the step of a form that has several. */
  readonly name: string
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

interface Answer {
  readonly status: number
  /** A page links to it; otherwise the crawl began with it. */
  readonly isOffered: boolean
}

/** Reads every page that somebody is linked to, and collects the forms that change something. */
export class Crawler {
  readonly answers = new Map<string, Answer>()
  readonly forms = new Map<string, Form>()
  readonly #visit: Visit

  constructor(visit: Visit) {
    this.#visit = visit
  }

  get actions(): ReadonlySet<string> {
    return new Set([...this.forms.values()].map(({ action }) => action))
  }

  async crawl(starts: readonly string[]): Promise<void> {
    const waiting = starts.map((path) => ({ path, isOffered: false }))
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const path = next.path.split('#', 1)[0] ?? ''
      const known = this.answers.get(path)
      if (!path.startsWith('/') || path === '/readyz') continue
      if (known !== undefined) {
        this.answers.set(path, { ...known, isOffered: known.isOffered || next.isOffered })
        continue
      }
      const { statusCode, body, headers } = await this.#visit.get(path)
      this.answers.set(path, { ...next, status: statusCode })
      for (const form of formsOf(body)) this.forms.set(form.name, form)
      const { location } = headers
      const links = [...linksOf(body), ...(location === undefined ? [] : [String(location)])]
      waiting.push(...links.map((link) => ({ path: link, isOffered: true })))
    }
  }

  /** With the CSRF token of this visitor, also where the form was offered to others alone. */
  async send({ action, fields }: Form) {
    const _csrf = await this.#visit.csrf('/nowhere')
    return this.#visit.post(action, { ...fields, _csrf })
  }
}

function linksOf(html: string): readonly string[] {
  return [...html.matchAll(/ (?:href|hx-get)="([^"]*)"/g)]
    .map(([, path = '']) => unescaped(path))
    .filter((path) => !path.startsWith('/assets/'))
}

/** The forms that are sent by POST. Of several buttons or choices, the last one. */
export function formsOf(html: string): readonly Form[] {
  return [...html.matchAll(/<form [^>]*method="post"[^>]*>.*?<\/form>/gs)].map(([form]) => {
    const action = attributeOf(form, 'action')
    const inputs = [...form.matchAll(/<(?:input|button) [^>]*>/g)].map(([tag]) => tag)
    const named = inputs.filter((tag) => attributeOf(tag, 'name') !== '' && !/ disabled/.test(tag))
    const fields = Object.fromEntries(
      named.map((tag) => [attributeOf(tag, 'name'), attributeOf(tag, 'value')]),
    )
    return { name: [action, fields.step].filter(Boolean).join(' '), action, fields }
  })
}

function attributeOf(tag: string, name: string): string {
  return unescaped(new RegExp(`^[^>]* ${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
}

function unescaped(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"')
}
