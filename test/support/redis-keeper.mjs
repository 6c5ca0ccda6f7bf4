// Runs a Redis server while its own standard input is open. When the process that started it ends,
// for any reason, the pipe closes; then the server is killed by its process id. It may be stopped at
// that moment (SIGSTOP), so only SIGKILL is certain to end it. Plain JavaScript, because it runs beside the
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
  // Any line on the pipe: stop, but keep the files for the next start.
  server.kill('SIGKILL')
})
// Ctrl-C reaches the whole process group; only the end of the pipe stops this process.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
server.on('exit', () => {
  if (abandoned) rmSync(directory, { recursive: true, force: true })
  process.exit(0)
})
