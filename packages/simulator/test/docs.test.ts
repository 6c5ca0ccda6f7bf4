import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { generateMerchant } from '../src/index.ts'
import { start } from './client.ts'

interface Example {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
}

async function examples(): Promise<Example[]> {
  const text = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const lines = text.split('\n').filter((line) => line.startsWith('curl '))
  return lines.map((line) => {
    const found = /^curl(?: -X (\w+))? "\$SIM(\/[^"]*)"(?: -d '([^']*)')?$/.exec(line)
    expect(found, line).not.toBeNull()
    return { method: found?.[1] ?? 'GET', path: found?.[2] ?? '', body: found?.[3] }
  })
}

test('README.md has an example of every endpoint, and each of them works', async () => {
  const simulator = await start(await generateMerchant())
  const documented = new Set<string>()
  for (const { method, path, body } of await examples()) {
    const url = simulator.url + path
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) })
    const line = `${method} ${path}`
    expect([line, response.status < 300, await response.text()]).toEqual([
      line,
      true,
      expect.anything(),
    ])
    const place = path.replace(/\?.*/, '').replace(/\/(RECH\d+|busy)/, '/{no}')
    documented.add(`${method} ${place}`)
  }
  const { endpoints } = (await (await fetch(`${simulator.url}/_sim`)).json()) as {
    endpoints: string[]
  }
  expect([...documented].toSorted()).toEqual(endpoints.toSorted())
  await simulator.stop()
})
