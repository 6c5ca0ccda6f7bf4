// Keeps a PostgreSQL server for as long as its own standard input is open. When whoever started it
// ends, in whatever way, the pipe closes: the server is stopped by its process id and its directory
// is removed. Plain JavaScript, because it runs beside the tests and not inside them.
//
//   node postgres-keeper.mjs <binary> <data directory> <port> <uid or ''> <directory of sockets or ''>
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'

const [binary, directory, port, uid, sockets = ''] = process.argv.slice(2)
const identity = uid === '' ? {} : { uid: Number(uid), gid: Number(uid) }
// Told only if the server ends by itself: a log of every connection that came too early helps nobody.
let log = ''
let asked = false
// From the signal until it answers again: a start after SIGKILL may find the old children alive.
let restarting = false
let server = start()
process.stdin.setEncoding('utf8').on('end', () => {
  asked = true
  // PostgreSQL's immediate shutdown: nobody will read these files again.
  if (!server.kill('SIGQUIT')) end(0)
})
// What is said on the pipe: the signal to end the server with, after which it is started again;
// `up` once it answers.
process.stdin.on('data', (word) => {
  restarting = word.trim() !== 'up'
  if (!restarting) return
  server.once('exit', () => process.stdout.write('down\n'))
  server.kill(word.trim())
})
// Ctrl-C goes to the whole group; the end of the pipe is the sign that counts.
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
    if (restarting && !asked) setTimeout(startAgain, 50)
    else end(code ?? 1)
  })
  return started
}

function startAgain() {
  if (!asked) server = start()
}

function end(code) {
  if (!asked) process.stderr.write(log)
  rmSync(dirname(directory), { recursive: true, force: true })
  process.exit(code)
}
