import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildWeb } from '../../src/web/server.ts'
import { doubleBudan } from './double.ts'

/** The document itself; that answers keep to it is tested with the answers. */

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly security?: readonly unknown[]
  readonly parameters?: readonly { in: string; name: string; required?: boolean; schema: object }[]
  readonly requestBody?: { readonly content: Record<string, { schema: object }> }
  readonly responses: Record<string, { description: string; content?: Record<string, unknown> }>
}

interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    readonly schemas: Record<string, Record<string, unknown>>
    readonly securitySchemes: Record<string, unknown>
  }
  readonly security: readonly unknown[]
}

let app: FastifyInstance
let document: Document
let operations: readonly { path: string; method: string; operation: Operation }[]

beforeAll(async () => {
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  app = await buildWeb(doubleBudan().budan, { server, version: '1.2.3' })
  document = (await app.inject('/openapi.json')).json()
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
})
afterAll(() => app.close())

describe('GET /openapi.json', () => {
  test('describes this version in OpenAPI 3.1', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toMatchObject({ title: 'budan', version: '1.2.3' })
  })

  test('has every call of the public interface, and no other', () => {
    const calls = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`)
    expect(calls.sort()).toEqual(
      [
        'POST /v1/orders',
        'POST /v1/orders/batch',
        'GET /v1/orders',
        'GET /v1/orders/{order_no}',
        'PATCH /v1/orders/{order_no}',
        'POST /v1/orders/{order_no}/abandon',
        'GET /v1/orders/{order_no}/events',
        'POST /v1/orders/{order_no}/check',
        'GET /v1/reviews',
        'GET /v1/exceptions',
        'GET /v1/exceptions/{id}',
        'POST /v1/exceptions/{id}/close',
        'POST /v1/orders/{order_no}/review',
        'POST /v1/callbacks/wechatpay',
        'POST /v1/callbacks/wechatpay/{merchant}',
        'GET /v1/accounts/{user_id}',
        'GET /v1/accounts/{user_id}/entries',
        'POST /v1/runs',
        'GET /v1/runs',
        'GET /v1/runs/{id}',
        'GET /v1/audit',
        'GET /v1/webhooks',
        'POST /v1/webhooks/{name}/test',
        'POST /v1/webhooks/{name}/replay',
        'GET /v1/deliveries',
        'GET /v1/deliveries/{id}',
        'POST /v1/deliveries/{id}/replay',
        'GET /v1/events',
        'GET /v1/sessions',
        'DELETE /v1/sessions/{id}',
        'GET /healthz',
        'GET /readyz',
        'GET /metrics',
        'GET /openapi.json',
        'GET /',
      ].sort(),
    )
  })

  test('names each operation once and says what it does', () => {
    const names = operations.map(({ operation }) => operation.operationId)
    expect(new Set(names).size).toBe(names.length)
    for (const { operation } of operations) expect(operation.summary).toBeTruthy()
  })

  test('declares each parameter of a path', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(declared.map(({ name }) => name)).toEqual(inPath)
      expect(declared.every(({ required }) => required)).toBe(true)
    }
  })

  test('describes each answer, successes first of all', () => {
    for (const { path, operation } of operations) {
      const statuses = Object.keys(operation.responses)
      expect(
        statuses.some((status) => status.startsWith('2')),
        path,
      ).toBe(true)
      for (const answer of Object.values(operation.responses)) {
        expect(answer.description, path).not.toBe('Default Response')
        expect(answer.description, path).toBeTruthy()
      }
    }
  })

  test('gives all errors one shape', () => {
    const shape = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }
    for (const { path, operation } of operations) {
      for (const [status, answer] of Object.entries(operation.responses)) {
        if (status < '400' || path === '/readyz') continue
        expect(answer.content, `${path} ${status}`).toEqual(shape)
      }
    }
    expect(document.components.schemas.Error?.required).toEqual(['code', 'message'])
  })

  test('requires the token just where it is needed', () => {
    expect(document.components.securitySchemes.token).toMatchObject({
      type: 'http',
      scheme: 'bearer',
    })
    expect(document.security).toEqual([{ token: [] }])
    const open = operations.filter(({ operation }) => operation.security?.length === 0)
    expect(open.map(({ path }) => path).sort()).toEqual(
      [
        ...['/healthz', '/metrics', '/openapi.json', '/readyz', '/v1/callbacks/wechatpay'],
        '/v1/callbacks/wechatpay/{merchant}',
      ].sort(),
    )
  })

  test('holds whatever it refers to', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)]
    expect(references.length).toBeGreaterThan(10)
    for (const [, reference = ''] of references) {
      const name = reference.replace('#/components/schemas/', '')
      expect(document.components.schemas, reference).toHaveProperty(name)
    }
  })

  test('leaves answers room to grow, and request bodies none', () => {
    for (const schema of Object.values(document.components.schemas)) {
      expect(schema).not.toHaveProperty('additionalProperties')
    }
    const body = document.paths['/v1/orders']?.post?.requestBody
    expect(JSON.stringify(body)).toContain('"additionalProperties":false')
  })

  test('has request schemas that refuse and take what the route does', () => {
    const body = document.paths['/v1/orders']?.post?.requestBody?.content['application/json']
    const schema = z.fromJSONSchema(body?.schema as Parameters<typeof z.fromJSONSchema>[0])
    const order = { user_id: 'u1', amount: 100, description: 'credit' }
    const adoption = { adopt: true, order_no: 'OLD-000001', user_id: 'u1', amount: 100 }
    for (const right of [order, { ...order, attach: 'a' }, adoption]) {
      expect(schema.safeParse(right).success).toBe(true)
    }
    for (const wrong of [
      {},
      { ...order, amount: 0 },
      { ...order, amount: 1.5 },
      { ...order, colour: 'red' },
      { ...order, user_id: '' },
      { ...adoption, order_no: 'x' },
      { ...adoption, created_at: 'yesterday' },
    ]) {
      expect(schema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
    }
  })
})
