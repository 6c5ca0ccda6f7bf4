/** One value of a scrape. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a monitor had at a moment. */
export interface Scrape {
  readonly atSecs: number
  readonly samples: readonly Sample[]
}

/** The text of `/metrics`; null: it did not answer. With `up`, as Prometheus adds it. */
export function scrapeOf(text: string | null, at: Date): Scrape {
  const up = { name: 'up', labels: {}, value: text === null ? 0 : 1 }
  const lines = (text ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return { atSecs: +at / 1000, samples: [up, ...lines.map(sampleOf)] }
}

function sampleOf(line: string): Sample {
  const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === '') throw new Error(`No sample: ${line}`)
  return { name, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) }
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  )
}

/**
 * The little of PromQL that our alerts are written in: `or`, comparisons, `-`, `time()`, `abs`, `max`,
 * `sum`, `increase(…[1h])` and selectors. What is left of a comparison is what it holds for.
 */
export function evaluate(expression: string, scrapes: readonly Scrape[]): readonly Sample[] {
  return new Reader(expression, scrapes).whole()
}

class Reader {
  readonly #tokens: string[]
  readonly #scrapes: readonly Scrape[]
  readonly #expression: string

  constructor(expression: string, scrapes: readonly Scrape[]) {
    this.#expression = expression
    this.#tokens = expression.match(/\w+|"[^"]*"|[=<>]=|[-<>=(){}[\],]/g) ?? []
    this.#scrapes = scrapes
  }

  whole(): readonly Sample[] {
    const value = this.#either()
    if (this.#tokens.length > 0) throw new Error(`Cannot read ${this.#expression}`)
    return value
  }

  #either(): readonly Sample[] {
    const all = [...this.#comparison()]
    while (this.#take('or')) all.push(...this.#comparison())
    return all
  }

  #comparison(): readonly Sample[] {
    const left = this.#difference()
    const holds = comparisons[this.#tokens[0] ?? '']
    if (holds === undefined) return left
    this.#tokens.shift()
    const right = this.#difference()
    return left.filter((one) => right.some(({ value }) => holds(one.value, value)))
  }

  #difference(): readonly Sample[] {
    let left = this.#term()
    while (this.#take('-')) {
      const right = this.#term()
      // Of which the one side has one value only.
      left = left.flatMap((one) =>
        right.map((other) => ({ ...one, value: one.value - other.value })),
      )
    }
    return left
  }

  #term(): readonly Sample[] {
    const word = this.#tokens.shift() ?? ''
    if (/^\d/.test(word)) return [scalar(Number(word))]
    if (!this.#take('(')) return this.#selected(word, this.#scrapes.at(-1))
    const value = this.#called(word)
    this.#expect(')')
    return value
  }

  #called(name: string): readonly Sample[] {
    if (name === 'time') return [scalar(this.#scrapes.at(-1)?.atSecs ?? 0)]
    if (name === 'increase') return this.#increase()
    const inner = this.#either()
    const values = inner.map(({ value }) => value)
    if (name === 'abs') return inner.map((one) => ({ ...one, value: Math.abs(one.value) }))
    if (inner.length === 0) return []
    if (name === 'sum') return [scalar(values.reduce((sum, value) => sum + value, 0))]
    if (name === 'max') return [scalar(Math.max(...values))]
    throw new Error(`Cannot call ${name} in ${this.#expression}`)
  }

  /** From the oldest value of each series in the range to its newest. */
  #increase(): readonly Sample[] {
    const name = this.#tokens.shift() ?? ''
    const before = [...this.#tokens]
    const now = this.#selected(name, this.#scrapes.at(-1))
    this.#expect('[')
    const sinceSecs = (this.#scrapes.at(-1)?.atSecs ?? 0) - secondsOf(this.#tokens.shift() ?? '')
    this.#expect(']')
    const after = [...this.#tokens]
    const then = this.#scrapes
      .filter(({ atSecs }) => atSecs >= sinceSecs)
      .flatMap((scrape) => {
        this.#tokens.splice(0, this.#tokens.length, ...before)
        return this.#selected(name, scrape)
      })
    this.#tokens.splice(0, this.#tokens.length, ...after)
    const oldest = (one: Sample) => then.find((other) => isSame(one, other))?.value ?? one.value
    return now.map((one) => ({ ...one, value: one.value - oldest(one) }))
  }

  #selected(name: string, scrape: Scrape | undefined): readonly Sample[] {
    const wanted: [string, string][] = []
    if (this.#take('{')) {
      while (!this.#take('}')) {
        const label = this.#tokens.shift() ?? ''
        this.#expect('=')
        wanted.push([label, JSON.parse(this.#tokens.shift() ?? '')])
        this.#take(',')
      }
    }
    return (scrape?.samples ?? []).filter(
      (one) => one.name === name && wanted.every(([label, value]) => one.labels[label] === value),
    )
  }

  #take(token: string): boolean {
    if (this.#tokens[0] !== token) return false
    this.#tokens.shift()
    return true
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new Error(`Cannot read ${this.#expression}: no ${token}`)
  }
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
}

function scalar(value: number): Sample {
  return { name: '', labels: {}, value }
}

function isSame(one: Sample, other: Sample): boolean {
  return JSON.stringify(one.labels) === JSON.stringify(other.labels)
}

const unitSecs: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 }

function secondsOf(range: string): number {
  return Number(range.slice(0, -1)) * (unitSecs[range.slice(-1)] ?? Number.NaN)
}

/** An alert to set, as the documentation has it. */
export interface Alert {
  readonly name: string
  readonly expression: string
  readonly forSecs: number
}

/** Whether it holds now, and has held at each scrape for as long as it wants. */
export function isFiring({ expression, forSecs }: Alert, scrapes: readonly Scrape[]): boolean {
  const last = scrapes.at(-1)
  if (last === undefined) return false
  for (let at = scrapes.length; at > 0; at -= 1) {
    const until = scrapes.slice(0, at)
    const scrape = until.at(-1)
    if (scrape === undefined || evaluate(expression, until).length === 0) return false
    if (last.atSecs - scrape.atSecs >= forSecs) return true
  }
  return false
}
