// Runs a PostgreSQL server while its own standard input is open. When the process that started it
// ends, for any reason, the pipe closes; then the server is stopped by its process id and its directory
// is removed. Plain JavaScript, because it runs beside the tests and not inside them.
//
//   node postgres-keeper.mjs <binary> <data directory> <port> <uid or ''> <directory of sockets or ''>
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'

const [binary, directory, port, uid, sockets = ''] = process.argv.slice(2)
const identity = uid === '' ? {} : { uid: Number(uid), gid: Number(uid) }
// Printed only if the server ends by itself: refused early connections are not worth a line.
let log = ''
let stopping = false
// From the signal until the server answers again. A start after SIGKILL may find the old children alive.
let restarting = false
let server = start()
process.stdin.setEncoding('utf8').on('end', () => {
  stopping = true
  // PostgreSQL's immediate shutdown: the files are removed anyway.
  if (!server.kill('SIGQUIT')) end(0)
})
// A line on the pipe is the signal that ends the server, which is then started again, or `up` once it
// answers.
process.stdin.on('data', (word) => {
  restarting = word.trim() !== 'up'
  if (!restarting) return
  server.once('exit', () => process.stdout.write('down\n'))
  server.kill(word.trim())
})
// Ctrl-C reaches the whole process group; only the end of the pipe stops this process.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

function start() {
  const started = spawn(
    binary,
    ['-D', directory, '-p', port, '-h', '127.0.0.1', '-c', `unix_socket_directories=${sockets}`],
    { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], ...identity },
  )
  started.stderr.on('data', (text) => {
    log = (log + text).slice(-4000)
  })
  started.on('exit', (code) => {
    if (restarting && !stopping) setTimeout(startAgain, 50)
    else end(code ?? 1)
  })
  return started
}

function startAgain() {
  if (!stopping) server = start()
}

function end(code) {
  if (!stopping) process.stderr.write(log)
  rmSync(dirname(directory), { recursive: true, force: true })
  process.exit(code)
}
