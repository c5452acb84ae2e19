import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { describe, expect, it } from "vitest"
import { exampleApp, exampleRecipe } from "../../test/fixture/example.ts"
import { missing } from "../../test/fixture/needs.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { refuseBlankSecrets } from "./blank-secrets.ts"
import { copyPathsIn } from "./capture-paths.ts"

const isRoot = missing("root").length === 0

async function places(): Promise<{ live: string; copy: string }> {
  const live = await temporaryDirectory("paths")
  return { live, copy: await temporaryDirectory("copy") }
}

describe("secrets and configuration, copied into one tree", () => {
  it("come with names that cannot clash, nested directories, links as they are and modes, set-id bits included", async () => {
    const { live, copy } = await places()
    mkdirSync(join(live, "a/deep"), { recursive: true })
    mkdirSync(join(live, "b"))
    writeFileSync(join(live, "a/.env"), "one", { mode: 0o600 })
    writeFileSync(join(live, "b/.env"), "two", { mode: 0o640 })
    writeFileSync(join(live, "a/deep/tool"), "run")
    chmodSync(join(live, "a/deep/tool"), 0o4755)
    symlinkSync("../nowhere", join(live, "a/link"))
    chmodSync(join(live, "a"), 0o750)
    if (isRoot) chownSync(join(live, "a/deep/tool"), 1234, 5678)
    if (isRoot) chmodSync(join(live, "a/deep/tool"), 0o4755)
    if (isRoot) chownSync(join(live, "b/.env"), 999, 998)

    const recorded = await copyPathsIn([join(live, "a/.env"), join(live, "b/.env"), join(live, "a")], copy)

    const { uid, gid } = lstatSync(live)
    expect(recorded).toEqual([
      { path: join(live, "a/.env"), stored: "0-.env", directory: false, root: { uid, gid, mode: 0o600 } },
      {
        path: join(live, "b/.env"),
        stored: "1-.env",
        directory: false,
        root: { uid: isRoot ? 999 : uid, gid: isRoot ? 998 : gid, mode: 0o640 },
      },
      { path: join(live, "a"), stored: "2-a", directory: true, root: { uid, gid, mode: 0o750 } },
    ])
    expect(readdirSync(copy).toSorted()).toEqual(["0-.env", "1-.env", "2-a"])
    expect([readFileSync(join(copy, "0-.env"), "utf8"), readFileSync(join(copy, "1-.env"), "utf8")]).toEqual(["one", "two"])
    expect(readlinkSync(join(copy, "2-a/link"))).toBe("../nowhere")
    for (const [from, to] of [
      ["b/.env", "1-.env"],
      ["a", "2-a"],
      ["a/deep", "2-a/deep"],
      ["a/deep/tool", "2-a/deep/tool"],
    ] as const) {
      const [before, after] = [lstatSync(join(live, from)), lstatSync(join(copy, to))]
      expect([after.mode, after.uid, after.gid], to).toEqual([before.mode, before.uid, before.gid])
    }
  })

  it("a path that is itself a link brings what it leads to", async () => {
    const { live, copy } = await places()
    writeFileSync(join(live, "real"), "the key", { mode: 0o400 })
    mkdirSync(join(live, "folder"))
    writeFileSync(join(live, "folder/in"), "inside")
    symlinkSync("real", join(live, "key"))
    symlinkSync("folder", join(live, "keys"))
    const recorded = await copyPathsIn([join(live, "key"), join(live, "keys")], copy)
    expect(recorded.map(({ directory, root }) => [directory, root.mode])).toEqual([
      [false, 0o400],
      [true, lstatSync(join(live, "folder")).mode & 0o7777],
    ])
    expect(lstatSync(join(copy, "0-key")).isFile()).toBe(true)
    expect([readFileSync(join(copy, "0-key"), "utf8"), readFileSync(join(copy, "1-keys/in"), "utf8")]).toEqual(["the key", "inside"])
  })

  it("one that is not there is SECRET_MISSING, a link to nowhere included", async () => {
    const { live, copy } = await places()
    symlinkSync("nowhere", join(live, "dangling"))
    for (const name of ["absent", "dangling"]) {
      await expect(copyPathsIn([join(live, name)], copy)).rejects.toMatchObject({
        code: "SECRET_MISSING",
        message: `${join(live, name)} is not there`,
      })
    }
  })
})

describe("blank secrets", () => {
  it("are refused by name, in directories and through a link as well", async () => {
    const live = await temporaryDirectory("blank")
    mkdirSync(join(live, "keys/deep"), { recursive: true })
    writeFileSync(join(live, "good"), " x ")
    writeFileSync(join(live, "zero"), "")
    writeFileSync(join(live, "keys/deep/space"), " \n\t")
    symlinkSync("zero", join(live, "link"))
    const judge = async (...names: readonly string[]) =>
      await refuseBlankSecrets(exampleApp({ secrets: names.map((name) => join(live, name)) }))
    await expect(judge("good")).resolves.toBeUndefined()
    await expect(judge("zero")).rejects.toMatchObject({ code: "SECRET_EMPTY", message: `a secret is blank: ${join(live, "zero")}` })
    await expect(judge("good", "link", "keys")).rejects.toThrow(
      `secrets are blank: ${join(live, "link")}, ${join(live, "keys/deep/space")}`,
    )
    await expect(judge("absent")).rejects.toMatchObject({
      code: "SECRET_MISSING",
      message: `the secret ${join(live, "absent")} is not there`,
    })
  })

  it("are accepted where the recipe says so, by their path in the project, and large files are not read", async () => {
    const live = await temporaryDirectory("blank")
    writeFileSync(join(live, "optional.pem"), "")
    writeFileSync(join(live, "other.pem"), "")
    writeFileSync(join(live, "large"), " ".repeat(4097))
    writeFileSync(join(live, "limit"), " ".repeat(4096))
    const fact = (file: string) => ({ name: "o", file, lossMeans: "", remedy: "" })
    const recipe = (blankAllowed: boolean, file = "optional.pem") => exampleRecipe({ secretFacts: [{ ...fact(file), blankAllowed }] })
    const judge = async (name: string, allowed: boolean) =>
      await refuseBlankSecrets(exampleApp({ secrets: [join(live, name)], recipe: recipe(allowed) }))
    await expect(judge("optional.pem", true)).resolves.toBeUndefined()
    for (const file of [`./${basename(live)}/optional.pem`, "./elsewhere/optional.pem", "al.pem"]) {
      const app = exampleApp({ secrets: [live], recipe: recipe(true, file) })
      const blank = { message: expect.stringContaining(join(live, "optional.pem")) }
      const others = { message: expect.not.stringContaining("optional.pem") }
      await expect(refuseBlankSecrets(app)).rejects.toMatchObject(file.includes(basename(live)) ? others : blank)
    }
    await expect(judge("optional.pem", false)).rejects.toMatchObject({ code: "SECRET_EMPTY" })
    await expect(judge("other.pem", true)).rejects.toMatchObject({ code: "SECRET_EMPTY" })
    await expect(judge("large", true)).resolves.toBeUndefined()
    await expect(judge("limit", true)).rejects.toMatchObject({ code: "SECRET_EMPTY" })
  })
})
