import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { tagArguments } from "../../src/tool/restic/tags.ts"
import { describeNeeding } from "../../test/fixture/needs.ts"

const POINT = "20260419T120000Z-0.24.6"
const page = readFileSync(resolve(import.meta.dirname, "../../docs/manual/vault-without-holdfast.md"), "utf8")
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => (match[1] ?? "").trim())

describeNeeding("restic")("the page about a vault without Holdfast", () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-stock-restic-"))
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: directory,
    RESTIC_REPOSITORY: join(directory, "vault"),
    RESTIC_PASSWORD_FILE: join(directory, "key"),
    RESTIC_CACHE_DIR: join(directory, "cache"),
  }
  const sh = (script: string, input = ""): string =>
    execFileSync("sh", ["-euc", script], { cwd: directory, env: environment, input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] })
  const store = (part: string, command: string, input = ""): string => {
    const tags = tagArguments({ app: "chat", point: POINT, part }).map((tag) => `'${tag}'`)
    return sh(
      `${command} restic backup --quiet --host=holdfast ${tags.join(" ")} ${input === "" ? "." : `--stdin --stdin-filename ${part === "manifest" ? "manifest.json" : "main.dump"}`}`,
      input,
    )
  }

  beforeAll(() => {
    writeFileSync(join(directory, "key"), "a key of a test")
    sh("restic init")
    for (const name of ["source-uploads", "source-secrets"]) mkdirSync(join(directory, name))
    writeFileSync(join(directory, "source-uploads/a.txt"), "an upload")
    writeFileSync(join(directory, "source-secrets/token"), "a token")
    store("database:main", "", "the dump's bytes")
    store("files:uploads", "cd source-uploads;")
    store("secrets", "cd source-secrets;")
    store("manifest", "", '{"id":"the manifest"}')
  }, 60_000)

  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it("lists points and parts, and gets every part back, with the commands it shows", () => {
    const [settings, ...commands] = blocks
    const output = commands.map((command) => sh(command))

    expect(settings).toContain("RESTIC_PASSWORD_FILE")
    expect(output[0]).toContain("1 snapshots")
    expect(output[1]).toContain("4 snapshots")
    expect(output[2]).toBe('{"id":"the manifest"}')
    expect(readFileSync(join(directory, "main.dump"), "utf8")).toBe("the dump's bytes")
    expect(readFileSync(join(directory, "uploads/a.txt"), "utf8")).toBe("an upload")
    expect(readFileSync(join(directory, "secrets/token"), "utf8")).toBe("a token")
    expect(output.at(-1)).toContain("no errors were found")
  })
})
