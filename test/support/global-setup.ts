import { execFileSync } from 'node:child_process'

/** The command-line tests run `bin/budan.js`, so what it loads must be this source's. */
export function setup(): void {
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json', '--noCheck'], { stdio: 'inherit' })
}
