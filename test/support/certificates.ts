import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of what a server and its clients trust. */
export interface Certificates {
  readonly directory: string
  readonly ca: string
  /** Nobody's whom the server's certificate is of. */
  readonly otherCa: string
  readonly client: { readonly cert: string; readonly key: string }
  readonly server: { readonly cert: string; readonly key: string }
}

/** Real ones, of an authority of their own, by openssl. */
export function makeCertificates(names: { server: string; client: string }): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'budan-certificates-'))
  const at = (name: string) => join(directory, name)
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      ...key,
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
      ...['-subj', `/CN=${name}`, '-days', '2'],
    )
  const signed = (name: string, { cn, san }: { cn: string; san: string }) => {
    openssl(
      'req',
      ...key,
      ...['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${cn}`],
    )
    writeFileSync(at(`${name}.ext`), san)
    openssl(
      'x509',
      '-req',
      ...['-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key'],
      ...['-CAcreateserial', '-days', '2', '-out', `${name}.pem`, '-extfile', `${name}.ext`],
    )
    return { cert: at(`${name}.pem`), key: at(`${name}.key`) }
  }
  authority('ca')
  authority('other')
  return {
    directory,
    ca: at('ca.pem'),
    otherCa: at('other.pem'),
    server: signed('server', { cn: names.server, san: `subjectAltName=DNS:${names.server}` }),
    client: signed('client', { cn: names.client, san: 'extendedKeyUsage=clientAuth' }),
  }
}

export function textOf(path: string): string {
  return readFileSync(path, 'utf8')
}
