import swagger, { type SwaggerTransformObject } from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import { scopesOf } from './access/scopes.ts'
import { answers, apiSchemas } from './schema.ts'
import type { WebApp } from './web-app.ts'

const description = `Recharge orders that are credited exactly once, even when the gateway's callback was lost.

Amounts are integer fen. Times are RFC 3339; answers carry UTC with milliseconds. Every error is
\`{"code","message"}\`: branch on \`code\`, show \`message\` to people.`

/** Collects the routes that are added after this call. */
export async function describeRoutes(
  app: FastifyInstance,
  { version }: { version: string },
): Promise<void> {
  const transformObject = createJsonSchemaTransformObject({ schemaRegistry: apiSchemas })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'budan', version, description },
      tags: [
        { name: 'orders', description: 'Recharge orders and their evidence' },
        { name: 'reviews', description: 'Orders that wait for an operator' },
        { name: 'exceptions', description: 'Where money and books differ' },
        { name: 'callbacks', description: 'Sent by the gateway' },
        { name: 'accounts', description: 'Balances and statements' },
        { name: 'runs', description: 'Passes of the compensation job' },
        { name: 'events', description: 'What others are notified of' },
        { name: 'audit', description: 'The invariants, counted' },
        { name: 'webhooks', description: 'Endpoints, and deliveries of events to them' },
        { name: 'sessions', description: 'Logins to the console' },
        { name: 'operation', description: 'For monitors and people' },
      ],
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description:
              '`server.api_token`, or one of `server.tokens` that has the scope which the operation names; not needed where none is set.',
          },
        },
      },
      security: [{ token: [] }],
    },
    transform: withScopes(createJsonSchemaTransform({ schemaRegistry: apiSchemas })),
    transformObject: (document) => mended(transformObject(document)),
  })
}

type Transform = ReturnType<typeof createJsonSchemaTransform>

/** Each operation names the scope that its token needs; of several, any one. */
function withScopes(transform: Transform): Transform {
  return (input) => {
    const { schema, url } = transform(input)
    const scopes = scopesOf(input.route.config?.scope)
    if (scopes.length === 0) return { schema, url }
    return { schema: { ...schema, security: scopes.map((scope) => ({ token: [scope] })) }, url }
  }
}

/** The parts of the document that the transform cannot derive. */
interface Draft {
  readonly components: { readonly schemas: Record<string, { additionalProperties?: unknown }> }
  readonly paths: Record<string, { post?: { requestBody?: { required?: boolean } } }>
}

function mended(document: ReturnType<SwaggerTransformObject>) {
  const draft = document as unknown as Draft
  const { schemas } = draft.components
  for (const [name, schema] of Object.entries(schemas)) {
    // The transform names each schema twice, for input and output; request bodies are inline here.
    if (name.endsWith('Input')) delete schemas[name]
    // Answers may get more fields later, and a client must not break then.
    delete schema.additionalProperties
  }
  const makeRun = draft.paths['/v1/runs']?.post?.requestBody
  if (makeRun !== undefined) makeRun.required = false
  return document
}

export function addOpenApiRoute(app: WebApp): void {
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'openapi',
        tags: ['operation'],
        summary: 'This document',
        security: [],
        response: answers({ 200: [z.looseObject({}), 'OpenAPI 3.1.'] }),
      },
    },
    async () => ({ ...app.swagger() }),
  )
}
