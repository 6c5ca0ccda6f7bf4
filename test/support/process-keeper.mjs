// Keeps a server for as long as its own standard input is open. When whoever started it ends, in
// whatever way, the pipe closes: the server is ended by its process id and its directory is removed.
// Plain JavaScript, because it runs beside the tests and not inside them.
//
//   node process-keeper.mjs <uid or ''> <directory> <binary> <argument>…
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'

const [uid, directory, binary, ...args] = process.argv.slice(2)
const identity = uid === '' ? {} : { uid: Number(uid), gid: Number(uid) }
// Told only if the server ends by itself.
let log = ''
let asked = false
const server = spawn(binary, args, {
  cwd: directory,
  stdio: ['ignore', 'ignore', 'pipe'],
  ...identity,
})
server.stderr.on('data', (text) => {
  log = (log + text).slice(-4000)
})
server.on('exit', (code) => {
  if (!asked) process.stderr.write(log)
  rmSync(directory, { recursive: true, force: true })
  process.exit(asked ? 0 : (code ?? 1))
})
process.stdin
  .on('end', () => {
    asked = true
    server.kill('SIGKILL')
  })
  .resume()
// Ctrl-C goes to the whole group; the end of the pipe is the sign that counts.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
