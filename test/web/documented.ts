import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { expect } from 'vitest'
import { z } from 'zod'

type Schema = Parameters<typeof z.fromJSONSchema>[0]
type Content = Record<string, { readonly schema: object }>

interface Document {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Content }> }>
  >
  readonly components: { readonly schemas: Record<string, object> }
}

/** Calls routes, and fails where an answer is not what the OpenAPI document says of it. */
export async function documentedCalls(app: FastifyInstance) {
  const document: Document = (await app.inject('/openapi.json')).json()
  return async (options: InjectOptions): Promise<LightMyRequestResponse> => {
    const answer = await app.inject(options)
    const { method = 'GET', url } = options
    const { path, operation } = operationOf(document, `${method}`, String(url))
    const documented = operation.responses[answer.statusCode]
    expect(documented, `${method} ${path} answered ${answer.statusCode}`).toBeDefined()
    const schema = documented?.content?.['application/json']?.schema
    if (schema !== undefined) expectToFit(document, { schema, body: answer.json() })
    else if (documented?.content === undefined) expect(answer.body).toBe('')
    return answer
  }
}

function operationOf(document: Document, method: string, url: string) {
  const path = url.split('?', 1)[0] ?? ''
  const template = Object.keys(document.paths)
    .filter((each) => new RegExp(`^${each.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
    .sort((a, b) => a.split('{').length - b.split('{').length)[0]
  const operation = document.paths[template ?? '']?.[method.toLowerCase()]
  if (template === undefined || operation === undefined) {
    throw new Error(`${method} ${path} is not documented`)
  }
  return { path: template, operation }
}

function expectToFit(
  { components }: Document,
  { schema, body }: { schema: object; body: unknown },
): void {
  const whole = JSON.stringify({ ...schema, $defs: components.schemas })
  const local = whole.replaceAll('#/components/schemas/', '#/$defs/')
  const result = z.fromJSONSchema(JSON.parse(local) as Schema).safeParse(body)
  expect(result.error, JSON.stringify(body)).toBeUndefined()
}
