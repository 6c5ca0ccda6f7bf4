import { describe, expect, it } from 'vitest'
import { remedyFor } from '../../src/servers/postgres-remedies.ts'

const said = (code: string, message: string, routine = '') =>
  remedyFor(Object.assign(new Error(message), { code, routine }), message)

describe('remedyFor()', () => {
  it.each([
    ['the database system is in recovery mode', /^it is recovering/],
    ['the database system is not yet accepting connections', /^it is recovering/],
    ['the database system is starting up', /^it is still starting/],
    ['the database system is not accepting connections', /^it is a standby/],
    ['数据库系统处于恢复模式', /^it takes no connections now/],
  ])('distinguishes a standby from a server that recovers or starts: %s', (message, words) => {
    expect(said('57P03', message)).toMatch(words)
  })

  it.each([
    ['53300', 'InitializeSessionUserId', /ALTER ROLE … CONNECTION LIMIT/],
    ['53300', 'CheckMyDatabase', /ALTER DATABASE … CONNECTION LIMIT/],
    ['53300', 'InitProcess', /raise max_connections/],
    ['28000', 'InitializeSessionUserId', /CREATE ROLE or ALTER ROLE/],
    ['28000', 'ClientAuthentication', /see the line of its pg_hba\.conf/],
    ['28P01', 'auth_failed', /^user or password/],
    ['42501', 'CheckMyDatabase', /GRANT CONNECT/],
    ['42501', 'aclcheck_error', /^this user lacks a right/],
    ['57014', 'ProcessInterrupts', /^it was ended there/],
    ['57P03', 'BackendInitialize', /^it takes no connections now/],
  ])('knows %s of %s in any language', (code, routine, words) => {
    expect(said(code, '某种说法', routine)).toMatch(words)
  })

  it.each([
    ['permission denied for table orders', /budan migrate --grants/],
    ['permission denied for schema shop', /USAGE, CREATE ON SCHEMA/],
    ['permission denied for sequence s', /USAGE ON SEQUENCE/],
    ['permission denied for function f', /EXECUTE ON FUNCTION/],
    ['permission denied for type t', /^this user lacks a right/],
  ])('names the right that is missing: %s', (message, words) => {
    expect(said('42501', message, 'aclcheck_error')).toMatch(words)
  })

  it('has a next step for each thing that a pooler says, and one for each cause', () => {
    const steps = [
      'no more connections allowed (max_client_conn)',
      'SSL required',
      'password authentication failed',
      'login rejected',
      'database is shutting down',
      'database "x" does not exist',
      'role "x" does not exist',
      'no such database: x',
      'no such user: x',
      'query_wait_timeout',
      'server login has been failing, try again later (server_login_retry)',
      'unsupported startup parameter: options',
    ].map((words) => said('08P01', words))
    expect(steps).not.toContain(null)
    expect(new Set(steps).size).toBe(steps.length)
    expect(said('08P01', 'SASL authentication failed')).toBe(steps[2])
    expect(said('08P01', '"trust" authentication failed')).toBe(steps[3])
  })

  it.each([
    [
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
      'sslv3 alert certificate expired',
      /our own .* ended/,
    ],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tlsv1 alert unknown ca', /CA of our own certificate/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tlsv13 alert certificate required', /sslcert/],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'sslv3 alert bad certificate', /its log says why/],
    ['CERT_HAS_EXPIRED', 'certificate has expired', /^its certificate has ended/],
  ])('takes an alert for our own certificate: %s', (code, message, words) => {
    expect(said(code, message)).toMatch(words)
  })
})
