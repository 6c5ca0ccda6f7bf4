// Runs a server while its own standard input is open. When the process that started it ends, for any
// reason, the pipe closes; then the server is killed by its process id and its directory is removed.
// Plain JavaScript, because it runs beside the tests and not inside them.
//
//   node process-keeper.mjs <uid or ''> <directory> <binary> <argument>…
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'

const [uid, directory, binary, ...args] = process.argv.slice(2)
const identity = uid === '' ? {} : { uid: Number(uid), gid: Number(uid) }
// Printed only if the server ends by itself.
let log = ''
let stopping = false
const server = spawn(binary, args, {
  cwd: directory,
  stdio: ['ignore', 'ignore', 'pipe'],
  ...identity,
})
server.stderr.on('data', (text) => {
  log = (log + text).slice(-4000)
})
server.on('exit', (code) => {
  if (!stopping) process.stderr.write(log)
  rmSync(directory, { recursive: true, force: true })
  process.exit(stopping ? 0 : (code ?? 1))
})
process.stdin
  .on('end', () => {
    stopping = true
    server.kill('SIGKILL')
  })
  .resume()
// Ctrl-C reaches the whole process group; only the end of the pipe stops this process.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
