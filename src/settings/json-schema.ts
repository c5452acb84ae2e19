import { z } from "zod"
import { settingsSchema } from "./schema.ts"

export type JsonSchemaNode = { readonly [key: string]: unknown }

/** The published JSON Schema of `holdfast.yaml`, from the schema that parses it. */
export function settingsJsonSchema(): JsonSchemaNode {
  const generated = z.toJSONSchema(settingsSchema, { io: "input", target: "draft-2020-12" })
  return { title: "holdfast.yaml", ...generated }
}

/** The text of the published file, `holdfast.schema.json`; a test holds the committed one against it. */
export function settingsJsonSchemaText(): string {
  return `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`
}

let generated: JsonSchemaNode | null = null

/** An example of what may stand at a key path, from the schema's own examples; null when it gives none. */
export function exampleAt(keyPath: readonly PropertyKey[]): unknown {
  generated ??= settingsJsonSchema()
  let nodes: readonly JsonSchemaNode[] = [generated]
  for (const key of keyPath) nodes = nodes.flatMap((node) => children(node, key))
  for (const node of nodes) {
    const examples: unknown = node["examples"]
    if (Array.isArray(examples) && examples.length > 0) return examples[0] as unknown
  }
  return null
}

function children(node: JsonSchemaNode, key: PropertyKey): readonly JsonSchemaNode[] {
  const branches = asNodes(node["anyOf"]).flatMap((branch) => children(branch, key))
  const own =
    typeof key === "number" ? [...asNodes(node["prefixItems"]).slice(key, key + 1), node["items"]] : namedChildren(node, String(key))
  return [...own.filter(isNode), ...branches]
}

function namedChildren(node: JsonSchemaNode, key: string): readonly unknown[] {
  const properties = node["properties"]
  const named = isNode(properties) ? properties[key] : undefined
  return named === undefined ? [node["additionalProperties"]] : [named]
}

/** The keys that a mapping may have at a key path, for a "did you mean". */
export function keysAt(keyPath: readonly PropertyKey[]): readonly string[] {
  generated ??= settingsJsonSchema()
  let nodes: readonly JsonSchemaNode[] = [generated]
  for (const key of keyPath) nodes = nodes.flatMap((node) => children(node, key))
  return nodes
    .flatMap((node) => [node, ...asNodes(node["anyOf"])])
    .flatMap((node) => (isNode(node["properties"]) ? Object.keys(node["properties"]) : []))
}

function asNodes(value: unknown): readonly JsonSchemaNode[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

function isNode(value: unknown): value is JsonSchemaNode {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
