import { describe, expect, it } from 'vitest'
import { mysqlAddressFault, readMysqlAddress } from '../../src/servers/mysql-address.ts'
import { makeCertificates } from '../support/certificates.ts'

describe('the address of a MySQL server', () => {
  it.each([
    ['mysql://u:p@/shop', 'must name one host: mysql://HOST:PORT/DATABASE'],
    ['mysql://u:p@one,two/shop', 'must name one host: mysql://HOST:PORT/DATABASE'],
    ['mysql://u:p@one', 'names no database: mysql://HOST:PORT/DATABASE'],
    ['mysql://u:p@one/', 'names no database: mysql://HOST:PORT/DATABASE'],
    ['mysql://u:p@one/shop/orders', 'names no database: mysql://HOST:PORT/DATABASE'],
    [
      'mysql://u:p@one/shop?charset=utf8',
      'has a parameter charset, and takes only sslmode, sslrootcert, sslcert, sslkey, sslpassword',
    ],
    [
      // What is no name is not repeated: it may be a part of a password.
      'mysql://u:p@one/shop?p%40ss word=1',
      'has a parameter, and takes only sslmode, sslrootcert, sslcert, sslkey, sslpassword',
    ],
    [
      'mysql://u:p@one/shop?sslmode=on',
      'has an sslmode that is none of disable, require, verify-ca, verify-full',
    ],
    [
      'mysql://u:p@one/shop?sslmode=verify-ca',
      'has sslmode verify-ca, which needs sslrootcert, the file of the CA',
    ],
    ['mysql://u:p@one/shop?sslcert=a.pem', 'has one of sslcert and sslkey: give both or neither'],
    [
      'mysql://u:p@one/shop?sslmode=require&sslkey=a.key',
      'has one of sslcert and sslkey: give both or neither',
    ],
  ])('%s is refused: it %s', (address, fault) => {
    expect(mysqlAddressFault(address)).toBe(fault)
  })

  it.each([
    'mysql://u:p@one/shop',
    'mysql://u:p@one:3307/shop?sslmode=disable',
    'mysql://u:p@one/shop?sslmode=verify-ca&sslrootcert=ca.pem',
    'mysql://u:p@one/shop?sslcert=a.pem&sslkey=a.key&sslpassword=x',
  ])('%s is taken', (address) => {
    expect(mysqlAddressFault(address)).toBeNull()
  })

  it('is read with the usual port, and without TLS, unless it has others', () => {
    expect(readMysqlAddress('mysql://u%40x:p%3Aw@db.example/my%20shop')).toEqual({
      ...{ host: 'db.example', port: 3306, user: 'u@x', password: 'p:w' },
      ...{ database: 'my shop', tls: null },
    })
    expect(readMysqlAddress('mysql://u@[::1]:3307/shop?sslmode=disable')).toMatchObject({
      ...{ host: '::1', port: 3307, tls: null },
    })
  })

  describe('with TLS', () => {
    const made = makeCertificates({ server: 'localhost', client: 'budan' })
    const tlsOf = (parameters: Readonly<Record<string, string>>) =>
      readMysqlAddress(`mysql://u@one/shop?${new URLSearchParams(parameters)}`).tls

    it('without a CA encrypts, and verifies only where that is wanted', () => {
      const unverified = { rejectUnauthorized: false, verifyIdentity: false }
      const verified = { rejectUnauthorized: true, verifyIdentity: true }
      expect(tlsOf({ sslmode: 'require' })).toEqual(unverified)
      expect(tlsOf({ sslmode: 'verify-full' })).toEqual(verified)
      expect(tlsOf({ sslrootcert: 'system' })).toEqual(verified)
    })

    it('with a CA verifies the certificate, and its name unless the mode is a weaker one', () => {
      const ca = expect.stringContaining('BEGIN CERTIFICATE')
      const sslrootcert = made.ca
      const signed = { ca, rejectUnauthorized: true }
      expect(tlsOf({ sslrootcert })).toEqual({ ...signed, verifyIdentity: true })
      for (const sslmode of ['require', 'verify-ca']) {
        expect(tlsOf({ sslmode, sslrootcert })).toEqual({ ...signed, verifyIdentity: false })
      }
    })

    it('shows the certificate of the client, with a key that belongs to it', () => {
      const { cert, key } = made.client
      expect(tlsOf({ sslcert: cert, sslkey: key })).toMatchObject({
        cert: expect.stringContaining('BEGIN CERTIFICATE'),
        key: expect.stringContaining('PRIVATE KEY'),
        verifyIdentity: true,
      })
      expect(() => tlsOf({ sslcert: cert, sslkey: made.server.key })).toThrow(
        'is not the key of the certificate',
      )
      expect(() => tlsOf({ sslrootcert: key })).toThrow('holds no certificate')
    })
  })
})
