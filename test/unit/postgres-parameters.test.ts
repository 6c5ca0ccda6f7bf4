import { describe, expect, it } from 'vitest'
import { postgresAddressFault, readPostgresAddress } from '../../src/servers/postgres-address.ts'

const fault = (query: string, env = {}) => postgresAddressFault(`postgres://u@h/db?${query}`, env)

describe('postgresAddressFault()', () => {
  it.each([
    ['ssl_mode=verify-full', 'did you mean sslmode?'],
    ['SSLMODE=verify-full', 'did you mean sslmode?'],
    ['sslrootcrt=/ca.pem', 'did you mean sslrootcert?'],
    ['schema=shop', 'its parameter schema is known to no client of PostgreSQL'],
  ])('refuses a parameter that nobody knows: %s', (query, words) => {
    expect(fault(query)).toContain(words)
  })

  it('says nothing of the value of an unknown parameter, nor a name that is none', () => {
    expect(fault('pasword=Secret1')).toMatch(/pasword.*did you mean password\?$/)
    expect(fault('pasword=Secret1')).not.toContain('Secret1')
    expect(fault('Sec/ret=1')).toBe('it has a parameter that no client of PostgreSQL knows')
  })

  it.each([
    'sslmode=verify_full',
    'sslmode=allow',
    'channel_binding=require',
    'gssencmode=require',
    'passfile=/x',
    'service=foo',
    'hostaddr=10.0.0.1',
    'requirepeer=postgres',
    'require_auth=scram-sha-256',
    'sslcrl=/crl.pem',
    'sslcertmode=require',
    'ssl_min_protocol_version=TLSv1.3',
    'target_session_attrs=standby',
    'sslnegotiation=later',
    'replication=database',
  ])('refuses what is not done, and names it: %s', (query) => {
    const [name = ''] = query.split('=')
    expect(fault(query)).toMatch(new RegExp(`^its ${name}(=\\S+)? is not done by budan`))
  })

  it.each([
    'connect_timeout=10&keepalives=1&keepalives_idle=30&tcp_user_timeout=1000',
    'application_name=a&fallback_application_name=b&client_encoding=LATIN1',
    'channel_binding=prefer&gssencmode=disable&load_balance_hosts=disable',
    'sslmode=require&sslnegotiation=direct',
    'sslmode=verify-full&sslrootcert=system',
    'sslmode=no-verify',
    'ssl=true',
  ])('takes what loses nothing: %s', (query) => {
    expect(fault(query)).toBeNull()
  })

  it.each([
    ['sslnegotiation=direct&sslmode=disable', /needs TLS/],
    ['sslnegotiation=direct&sslmode=prefer', /needs TLS/],
    ['sslmode=verify-ca', /needs sslrootcert/],
    ['sslmode=verify-ca&sslrootcert=system', /needs sslmode=verify-full/],
    ['sslcert=/c.pem', /sslcert needs sslkey/],
    ['sslkey=/c.key', /sslkey needs sslcert/],
  ])('refuses parameters that weaken or lack one another: %s', (query, words) => {
    expect(fault(query)).toMatch(words)
  })

  it.each([
    ['PGSSLMODE', 'nonsense'],
    ['PGSSLMODE', 'allow'],
    ['PGCHANNELBINDING', 'require'],
    ['PGGSSENCMODE', 'require'],
    ['PGREQUIREAUTH', 'scram-sha-256'],
    ['PGSERVICE', 'shop'],
  ])('checks %s=%s where the url is silent, and names the variable', (name, value) => {
    expect(fault('', { [name]: value })).toMatch(new RegExp(`^${name}(=\\S+)? is not done`))
  })

  it('reads the url before the environment', () => {
    expect(fault('sslmode=disable', { PGSSLMODE: 'nonsense' })).toBeNull()
    expect(fault('', { PGSSLMODE: 'verify-ca' })).toMatch(/^PGSSLMODE verify-ca needs sslrootcert/)
    expect(fault('', { PGSSLCERT: '/c.pem' })).toMatch(/^PGSSLCERT needs sslkey/)
  })
})

describe('readPostgresAddress()', () => {
  const read = (address: string, env = {}) => readPostgresAddress(address, env)

  it.each(['disable', 'prefer', 'require', 'verify-full'])(
    'takes PGSSLMODE=%s for what sslmode says',
    (mode) => {
      const { tls } = read('postgres://h/db', { PGSSLMODE: mode })
      expect(tls).toBe(mode)
      expect(tls).toBe(read(`postgres://h/db?sslmode=${mode}`).tls)
    },
  )

  it('reads the files that the environment names', () => {
    const env = {
      PGSSLROOTCERT: '/ca',
      PGSSLCERT: '/cert',
      PGSSLKEY: '/key',
      PGSSLMODE: 'verify-ca',
    }
    expect(read('postgres://h/db', env)).toMatchObject({
      tls: 'verify-ca',
      files: { ca: '/ca', cert: '/cert', key: '/key' },
    })
    expect(read('postgres://h/db?sslrootcert=/own', env).files.ca).toBe('/own')
  })

  it('takes hosts and ports of the environment where the url names none', () => {
    const env = { PGHOST: 'h1,/run/pg', PGPORT: '6432' }
    expect(read('postgres:///db', env).hosts).toEqual([
      { host: 'h1', port: 6432 },
      { host: '/run/pg', port: 6432 },
    ])
    expect(read('postgres://own:1/db', env).hosts).toEqual([{ host: 'own', port: 1 }])
    expect(read('postgres:///db').hosts).toEqual([{ host: 'localhost', port: undefined }])
  })
})
