/** Whether a value is a mapping. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** The same value with one member set; mappings on the way are made where they are missing. */
export function withMember(root: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  const members = isRecord(root) ? root : {}
  return { ...members, [key]: withMember(members[key], rest, value) }
}

/** The same value without one member. */
export function withoutMember(root: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path
  if (key === undefined || !isRecord(root) || !(key in root)) return root
  if (rest.length > 0) return { ...root, [key]: withoutMember(root[key], rest) }
  return Object.fromEntries(Object.entries(root).filter(([name]) => name !== key))
}
