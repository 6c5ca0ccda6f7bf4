// Keeps a Redis server for as long as its own standard input is open. When whoever started it ends,
// in whatever way, the pipe closes: the server is killed by its process id. It may be stopped at
// that moment (SIGSTOP), so only SIGKILL is sure. Plain JavaScript, because it runs beside the
// tests and not inside them.
//
//   node redis-keeper.mjs <binary> <directory> <port>
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'

const [binary, directory, port] = process.argv.slice(2)
const server = spawn(
  binary,
  ['--port', port, '--bind', '127.0.0.1', '--dir', directory, '--appendonly', 'yes', '--save', ''],
  // Debian's redis-check-rdb is the server's own program under another name: it goes by its name.
  { argv0: 'redis-server', cwd: directory, stdio: 'ignore' },
)
process.stdout.write(`${server.pid}\n`)
let abandoned = false
process.stdin.resume().on('end', () => {
  abandoned = true
  server.kill('SIGKILL')
})
process.stdin.on('data', () => {
  // Anything said: stop, but keep the files for the next start.
  server.kill('SIGKILL')
})
// Ctrl-C goes to the whole group; the end of the pipe is the sign that counts.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
server.on('exit', () => {
  if (abandoned) rmSync(directory, { recursive: true, force: true })
  process.exit(0)
})
