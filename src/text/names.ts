/** A name in code, `orderNo`, for one in JSON, YAML and SQL, `order_no`. */
export type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

export function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The record with its names in camelCase. A member that is undefined is left out. */
export function inCamelCase<T extends object>(
  record: T,
): { readonly [Name in keyof T & string as CamelCase<Name>]: Exclude<T[Name], undefined> } {
  const given = Object.entries(record).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [camelCase(name), value])) as never
}
