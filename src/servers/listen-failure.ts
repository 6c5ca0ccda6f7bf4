/** What host and port are called where they can be changed. */
export interface ListenKeys {
  readonly port: string
  readonly host: string
}

/** Why nobody could listen at an address, with the next step where it is known. */
export function listenFailure(
  error: unknown,
  { port, keys }: { readonly port: number; readonly keys: ListenKeys },
): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  switch (code) {
    case 'EADDRINUSE':
      return `EADDRINUSE, another program listens there: end it, or give another ${keys.port}`
    case 'EACCES':
      return port < 1024
        ? `EACCES, this user may not: give a ${keys.port} from 1024 on`
        : `EACCES, this machine keeps that port back: give another ${keys.port}`
    case 'EADDRNOTAVAIL':
      return `EADDRNOTAVAIL, this machine has no such address: give another ${keys.host}`
    case 'EAFNOSUPPORT':
      return `EAFNOSUPPORT, this machine has no IPv6: give an address of IPv4 as ${keys.host}`
    case 'EINVAL':
      return `EINVAL, an address of one network card alone: give another ${keys.host}`
    case 'EMFILE':
      return 'EMFILE, this process has too many files open: allow more (ulimit -n)'
    default:
      return code
  }
}

/** Why a name gave no address. */
export function lookupFailure(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return code === 'EAI_AGAIN'
    ? 'no DNS server answers, and the name is needed to find the address'
    : 'no such host'
}
