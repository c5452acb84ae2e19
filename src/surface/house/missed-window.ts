import { z } from "zod"
import type { Store } from "../../operation/ports.ts"

const schema = z.object({ version: z.string(), at: z.iso.datetime(), reason: z.string() })

/** A window for automatic updates that passed without the release that was there. */
export type MissedWindow = z.infer<typeof schema>

export async function missedWindow(store: Store, app: string): Promise<MissedWindow | null> {
  const text = await store.value(keyOf(app))
  const parsed = schema.nullable().safeParse(text === null ? null : JSON.parse(text))
  return parsed.success ? parsed.data : null
}

/** @param missed null: the last window was used, or there was nothing to use it for */
export async function rememberWindow(store: Store, app: string, missed: MissedWindow | null): Promise<void> {
  await store.setValue(keyOf(app), JSON.stringify(missed))
}

function keyOf(app: string): string {
  return `updates-missed:${app}`
}
