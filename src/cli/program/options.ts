import { InvalidArgumentError, Option } from 'commander'
import { publishedTypesIn, publishedTypesRule } from '../../domain/webhooks/published-event.ts'

/** Options that several commands share, with their parsers. */

export function typesOption(description: string): Option {
  return new Option('--types <list>', description).argParser((value) => {
    const types = publishedTypesIn(value)
    if (types === null) throw new InvalidArgumentError(`It ${publishedTypesRule}.`)
    return types
  })
}

export function cursorOption(): Option {
  return new Option('--cursor <cursor>', 'the page after: next_cursor of the page before')
}

export function limitOption(): Option {
  return numberOption('--limit <count>', { min: 1, max: 200, whole: true }).default(50)
}

interface NumberRange {
  readonly min: number
  readonly max: number
  readonly whole?: boolean
}

export function numberOption(flags: string, range: NumberRange): Option {
  return new Option(flags, `a ${rangeText(range)}`).argParser(numberIn(range))
}

function rangeText({ min, max, whole = false }: NumberRange): string {
  return `${whole ? 'whole number' : 'number'} from ${min} to ${max}`
}

export function numberIn(range: NumberRange): (value: string) => number {
  return (value) => {
    const { min, max, whole = false } = range
    const number = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
    const fits = number >= min && number <= max && (!whole || Number.isInteger(number))
    if (!fits) throw new InvalidArgumentError(`It must be a ${rangeText(range)}.`)
    return number
  }
}
