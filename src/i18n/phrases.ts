/**
 * Phrases by the name of their set: in English, as the program makes them, and in the other language.
 * The gaps between the words have names:
 *
 *   {name}        any text: foreign data, kept as it is
 *   {name:word}   the same, without spaces; `words`: several, with commas; `json`: a value of JSON
 *   {name:set}    a phrase of that set; without one the pattern does not match
 *   {name:set?}   a phrase of that set, or any other text, kept as it is
 */
export type PhraseSets = Readonly<Record<string, Phrases>>

export type Phrases = Readonly<Record<string, string>>

/** The translation; null: the set has no such phrase. */
export type Saying = (text: string, set: string) => string | null

/** A set is compiled when it is first needed: most of them never are. */
export function sayingOf(sets: PhraseSets): Saying {
  const read = new Map<string, ReadSet>()
  const setOf = (name: string): ReadSet => {
    const known = read.get(name) ?? readSet(sets[name] ?? {})
    read.set(name, known)
    return known
  }
  const say = (text: string, { set, effort }: Search): string | null => {
    const { whole, patterns } = setOf(set)
    const fixed = Object.hasOwn(whole, text) ? whole[text] : undefined
    if (fixed !== undefined) return fixed
    for (const pattern of patterns) {
      const values = valuesIn(text, pattern, { say, effort })
      if (values !== null) return filled(pattern.saying, values)
    }
    return null
  }
  return (text, set) =>
    text.length > textMax ? null : say(text, { set, effort: { left: effortMax } })
}

/** Longer than any sentence of the program, including its quotations of foreign texts. */
const textMax = 4096

/**
 * Positions that are tried for one sentence. Those of the program need a few dozen; a text made to have
 * thousands of possible positions stays untranslated, after a few milliseconds.
 */
const effortMax = 500

interface Search {
  readonly set: string
  readonly effort: { left: number }
}

interface ReadSet {
  readonly whole: Phrases
  readonly patterns: readonly Pattern[]
}

interface Pattern {
  /** Before the first gap, and then after each gap. */
  readonly words: readonly string[]
  readonly gaps: readonly Gap[]
  readonly saying: string
}

interface Gap {
  readonly name: string
  /** Null: any text. */
  readonly kind: string | null
  readonly optional: boolean
}

const gapMark = /\{(\w+)(?::(\w+)(\?)?)?\}/g

/** The pattern with the most words of its own is the most specific, and is tried first. */
function readSet(phrases: Phrases): ReadSet {
  const patterns = Object.entries(phrases)
    .filter(([phrase]) => phrase.search(gapMark) >= 0)
    .map(([phrase, saying]) => readPattern(phrase, saying))
  return { whole: phrases, patterns: patterns.sort((a, b) => lengthOf(b) - lengthOf(a)) }
}

function readPattern(phrase: string, saying: string): Pattern {
  const marks = [...phrase.matchAll(gapMark)]
  const ends = marks.map((mark) => mark.index + mark[0].length)
  const starts = [...marks.map((mark) => mark.index), phrase.length]
  return {
    words: starts.map((start, at) => phrase.slice(at === 0 ? 0 : ends[at - 1], start)),
    gaps: marks.map(([, name = '', kind, optional]) => ({
      name,
      kind: kind ?? null,
      optional: optional !== undefined,
    })),
    saying,
  }
}

function lengthOf({ words }: Pattern): number {
  return words.join('').length
}

type Values = ReadonlyMap<string, string>

interface Fitting {
  readonly say: (text: string, search: Search) => string | null
  readonly effort: { left: number }
}

/** The translated values of the gaps; null: the text does not match the pattern. */
function valuesIn(text: string, pattern: Pattern, fitting: Fitting): Values | null {
  const [first = ''] = pattern.words
  const last = pattern.words.at(-1) ?? ''
  const canFit = text.length >= lengthOf(pattern) && text.startsWith(first) && text.endsWith(last)
  return canFit ? valuesFrom(text, { pattern, gap: 0, start: first.length }, fitting) : null
}

interface Place {
  readonly pattern: Pattern
  readonly gap: number
  readonly start: number
}

/** The leftmost position first; the next one is tried where the rest does not match. */
function valuesFrom(text: string, place: Place, fitting: Fitting): Values | null {
  const { pattern, gap, start } = place
  const wanted = pattern.gaps[gap]
  if (wanted === undefined) return start === text.length ? new Map() : null
  const words = pattern.words[gap + 1] ?? ''
  const isLast = gap === pattern.gaps.length - 1
  let end = isLast ? text.length - words.length : text.indexOf(words, start)
  while (end >= start) {
    fitting.effort.left -= 1
    if (fitting.effort.left < 0) return null
    const value = saidValue(text.slice(start, end), wanted, fitting)
    if (value !== null) {
      const rest = valuesFrom(text, { pattern, gap: gap + 1, start: end + words.length }, fitting)
      if (rest !== null) return new Map(rest).set(wanted.name, value)
    }
    if (isLast) return null
    end = text.indexOf(words, end + 1)
  }
  return null
}

function saidValue(text: string, { kind, optional }: Gap, { say, effort }: Fitting): string | null {
  if (kind === null) return text
  const rule = dataRules[kind]
  if (rule !== undefined) return rule(text) ? text : null
  return say(text, { set: kind, effort }) ?? (optional ? text : null)
}

const dataRules: Readonly<Record<string, (text: string) => boolean>> = {
  word: (text) => /^\S+$/.test(text),
  words: (text) => text.split(', ').every((each) => /^\S+$/.test(each)),
  json: isJson,
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** In one pass, so that a value that looks like a gap is not replaced. */
function filled(saying: string, values: Values): string {
  return saying.replaceAll(gapMark, (mark, name: string) => values.get(name) ?? mark)
}
