// Reads files and splits their lines, and does nothing else: what any program that compares them has to
// do. Plain JavaScript, because it is compared with the built program.
//
//   node bench/parts/bare-split.mjs FILE SEPARATOR …
import { createReadStream } from 'node:fs'

const blockBytes = 128 * 1024
let fields = 0
for (let at = 2; at < process.argv.length; at += 2) {
  let rest = ''
  const source = createReadStream(process.argv[at], { highWaterMark: blockBytes, encoding: 'utf8' })
  for await (const text of source) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) fields += line.split(process.argv[at + 1]).length
  }
}
process.stdout.write(`${fields}\n`)
