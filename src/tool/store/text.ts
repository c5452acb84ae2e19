import { z } from "zod"
import type { Json } from "../../base/canonical-json.ts"
import type { Holder } from "../../operation/ports.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"

const parse: (text: string) => Json = JSON.parse

/** A column's text as the document it holds; damage is told, not passed on. */
export function parseJson(text: string): Json {
  try {
    return parse(text)
  } catch (thrown) {
    throw new HoldfastError("STORE_UNREADABLE", {
      what: "the store holds a document that cannot be read",
      why: messageOf(thrown),
      cause: thrown,
    })
  }
}

const holderSchema = z.strictObject({
  host: z.string(),
  bootId: z.string(),
  processId: z.number().int(),
  processStart: z.string(),
  command: z.string(),
})

export function parseHolder(text: string): Holder {
  return readAs(holderSchema, parseJson(text))
}

export function readAs<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw new HoldfastError("STORE_UNREADABLE", { what: "the store holds a value that is not valid", why: read.error.message })
}
