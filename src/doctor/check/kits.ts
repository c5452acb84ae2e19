import { ok, trouble, type Finding } from "../finding.ts"
import type { QuietTools, Subject } from "../ports.ts"

/** Without the kit a lost host takes the keys of its vaults with it. */
export async function checkKits(tools: QuietTools, subject: Subject): Promise<readonly Finding[]> {
  return await Promise.all(
    subject.vaults.map(async ({ name }) => {
      const taken = await tools.store.value(`kit-taken:${name}`)
      if (taken !== null) return ok("kit", name, `taken (${taken})`)
      return trouble(
        "warn",
        "kit",
        name,
        "its recovery kit was never taken: without its key the vault can never be read",
        "Run `holdfast kit`.",
      )
    }),
  )
}
