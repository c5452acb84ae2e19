import { z } from "zod"
import { canonicalJson, type Json } from "../../base/canonical-json.ts"

/** A member that clients send although they do not use it: only these values, and it is left out of what is rebuilt. */
export function neutral(...values: readonly Json[]) {
  const allowed = new Set(["null", ...values.map((value) => canonicalJson(value))])
  return z
    .json()
    .refine((value) => allowed.has(canonicalJson(value)), "this is not allowed")
    .transform(() => undefined)
    .optional()
}

/** Nothing, in each of the ways in which clients write it. */
export const nothing = neutral("", 0, false, [], {})

export const text = z.string().max(32_768)
export const shortText = z.string().max(1024)
export const whole = z.number().int()
export const flag = z.boolean()
export const texts = z.array(text).max(1024).nullable().optional()
export const labels = z.record(shortText, text).nullable().optional()
export const empty = z.strictObject({})
/** Of containers, networks and volumes. */
export const name = z.string().regex(/^[a-zA-Z0-9][\w.-]{0,254}$/)
