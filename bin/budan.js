#!/usr/bin/env node
import { existsSync } from 'node:fs'

const entry = new URL('../dist/bin/main.js', import.meta.url)

if (existsSync(entry)) {
  const { main } = await import(entry.href)
  await main()
} else {
  process.stderr.write('budan is not built yet: run "npm install" in its directory first\n')
  process.exitCode = 1
}
