import { chmod, link, readdir, readFile, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { sha256 } from "../base/canonical-json.ts"
import { silentLog, silentProgress, type RunContext } from "../base/run-context.ts"
import { systemClock } from "../base/clock.ts"
import { planFileSwap, swapFileIn } from "../restore/file-swap.ts"
import { adoptedCopy, giveFileBack, giveSecretBack, stateOf } from "./give-back.ts"
import type { PreparedFile } from "./prepared.ts"
import type { SecretChange } from "./secret-files.ts"

async function adopted(isSettings: boolean, before = "before\n", after = "after\n"): Promise<PreparedFile> {
  const live = join(await temporaryDirectory("give-back"), "file.yml")
  await writeFile(live, before, { mode: 0o640 })
  const swap = await planFileSwap(live, "op1")
  await writeFile(swap.staged, after)
  await swapFileIn(swap)
  return { swap, isSettings, mode: 0o640, uid: 0, gid: 0, before: sha256(before), after: sha256(after) }
}

const text = async (path: string): Promise<string> => await readFile(path, "utf8")

describe("a file that an adoption edited", () => {
  it("comes back as the very file that it was, and a second time nothing happens", async () => {
    const file = await adopted(false)
    const { ino } = await stat(file.swap.kept)
    expect(await stateOf(file)).toBe("as adopted")
    await giveFileBack(file, "chat")
    await giveFileBack(file, "chat")
    expect(await text(file.swap.live)).toBe("before\n")
    expect((await stat(file.swap.live)).ino).toBe(ino)
    expect(await stateOf(file)).toBe("nothing kept")
  })

  it("is kept beside where somebody changed it since", async () => {
    const file = await adopted(false)
    await writeFile(file.swap.live, "after, and edited\n")
    expect(await stateOf(file)).toBe("changed since")
    await chmod(file.swap.live, 0o604)
    await giveFileBack(file, "chat")
    expect([await text(file.swap.live), await text(adoptedCopy(file))]).toEqual(["before\n", "after, and edited\n"])
    expect((await stat(adoptedCopy(file))).mode & 0o777).toBe(0o604)
  })

  it("is left alone where its edited text never came into its place, with all that was written into it meanwhile", async () => {
    const live = join(await temporaryDirectory("give-back"), "file.yml")
    await writeFile(live, "before\n")
    const swap = await planFileSwap(live, "op1")
    const file = { swap, isSettings: false, mode: 0o640, uid: 0, gid: 0, before: sha256("before\n"), after: sha256("after\n") }
    await writeFile(swap.staged, "after\n")
    await link(live, swap.kept)
    await writeFile(live, "before, and edited\n")
    await giveFileBack(file, "chat")
    expect(await readdir(dirname(live))).toEqual(["file.yml"])
    expect(await text(live)).toBe("before, and edited\n")
  })

  it("of settings loses the block of updates alone where somebody changed it since", async () => {
    const before = "apps:\n  chat:\n    images: auto # so\n"
    const file = await adopted(true, before, `${before}    updates: { source: registry }\n`)
    await writeFile(file.swap.live, `${before}    updates: { source: registry, window: "Sun 03:00-05:00" }\n    secrets: [ ./a ]\n`)
    await chmod(file.swap.live, 0o604)
    await giveFileBack(file, "chat")
    expect(await text(file.swap.live)).toBe(`${before}    secrets: [ ./a ]\n`)
    expect((await stat(file.swap.live)).mode & 0o777).toBe(0o604)
    expect(await stateOf(file)).toBe("nothing kept")
  })
})

describe("settings that had a block of updates before, changed since", () => {
  it("lose what the block lacked, and nothing that was there", async () => {
    const before = 'apps:\n  chat:\n    updates: { source: manifest, token: "./own" }\n'
    const file = await adopted(true, before, before.replace(" }", ', registryCredentials: "./c" }'))
    await writeFile(
      file.swap.live,
      'apps:\n  chat:\n    updates: { source: manifest, token: "./own", registryCredentials: "./c", channel: beta }\n',
    )
    await giveFileBack(file, "chat")
    expect(await text(file.swap.live)).toBe('apps:\n  chat:\n    updates: { source: manifest, token: "./own", channel: beta }\n')
  })
})

describe("a secret that an adoption made", () => {
  const warnings: string[] = []
  const ctx: RunContext = {
    signal: new AbortController().signal,
    progress: { ...silentProgress, warn: (said) => warnings.push(said) },
    log: silentLog,
    clock: systemClock,
    operationId: "op1",
  }

  it("goes, unless somebody has put another in its place", async () => {
    const path = join(await temporaryDirectory("give-back"), "registry_creds")
    const change: SecretChange = {
      name: "registry_creds",
      path,
      act: "make",
      make: "nothing",
      mode: 0o644,
      before: null,
      writes: sha256(""),
    }
    await writeFile(path, "filled later")
    await giveSecretBack(change, ctx)
    expect(await text(path)).toBe("filled later")
    expect(warnings).toEqual([`${path} was changed after the adoption; it stays`])
    await writeFile(path, "")
    await giveSecretBack(change, ctx)
    await expect(stat(path)).rejects.toThrow("ENOENT")
  })
})
