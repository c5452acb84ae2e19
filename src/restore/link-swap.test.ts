import { readdir, readlink, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { leadLink, type LinkSwap } from "./link-swap.ts"

async function place(leadsTo: string): Promise<LinkSwap> {
  const directory = await temporaryDirectory("link-swap")
  await symlink(leadsTo, join(directory, "current"))
  return { live: join(directory, "current"), staged: join(directory, ".staged"), from: "releases/1", to: "releases/2" }
}

describe("a link that is led elsewhere", () => {
  it("leads there, and back, however often it is asked, and nothing is left beside it", async () => {
    const swap = await place("releases/1")
    for (const where of ["to", "to", "from", "from", "to"] as const) {
      await leadLink(swap, where)
      expect(await readlink(swap.live)).toBe(swap[where])
      expect(await readdir(join(swap.live, ".."))).toEqual(["current"])
    }
  })

  it("is finished where a kill left the new link beside it", async () => {
    const swap = await place("releases/1")
    await symlink("releases/2", swap.staged)
    await leadLink(swap, "from")
    expect(await readdir(join(swap.live, ".."))).toEqual(["current"])
    expect(await readlink(swap.live)).toBe("releases/1")
  })

  it("is left alone where somebody led it to a third place, or put something else there", async () => {
    const third = await place("releases/3")
    await expect(leadLink(third, "to")).rejects.toMatchObject({ code: "TARGET_NOT_EMPTY" })
    expect(await readlink(third.live)).toBe("releases/3")

    const file = { ...third, live: join(third.live, "../file") }
    await writeFile(file.live, "mine")
    await expect(leadLink(file, "from")).rejects.toMatchObject({ code: "TARGET_NOT_EMPTY" })
  })
})
