export type Json = string | number | boolean | null | Json[] | JsonObject

export interface JsonObject {
  [key: string]: Json
}

/** JSON merge patch (RFC 7396): objects merge, `null` removes a member, all else replaces. */
export function merged(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target }
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key]
    if (value === null) delete result[key]
    else if (isObject(value)) result[key] = merged(isObject(before) ? before : {}, value)
    else result[key] = value
  }
  return result
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
