import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { requireAsPlanned } from "./as-planned.ts"
import type { SecretChange } from "./secret-files.ts"

describe("what an adoption was planned from", () => {
  it("is refused to be gone by where it was edited, removed or filled since", async () => {
    const directory = await temporaryDirectory("as-planned")
    const [path, token] = [join(directory, "docker-compose.yml"), join(directory, "updater_token")]
    const secret: SecretChange = {
      name: "updater_token",
      path: token,
      act: "make",
      make: "random-hex-32",
      mode: 0o644,
      before: null,
      writes: null,
    }
    const plan = { edits: [{ path, before: "services: {}\n", after: "services: { a: {} }\n" }], secrets: [secret] }
    const stale = (message: string) => ({
      code: "PLAN_STALE",
      message,
      hint: "Everything is as it was. Run it again: the new plan shows what becomes of it.",
    })
    await writeFile(path, "services: {}\n")
    await writeFile(token, "")
    await expect(requireAsPlanned(plan)).resolves.toBeUndefined()

    await writeFile(token, "somebody's own token")
    await expect(requireAsPlanned(plan)).rejects.toMatchObject(stale(`${token} was filled meanwhile`))
    await writeFile(path, "services: {}\n# a line of somebody's\n")
    await expect(requireAsPlanned(plan)).rejects.toMatchObject(stale(`${path} was edited meanwhile`))
    await rm(path)
    await expect(requireAsPlanned(plan)).rejects.toMatchObject(stale(`${path} was removed meanwhile`))
  })
})
