import { execFile } from "node:child_process"
import { mkdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { describeNeeding } from "../../test/fixture/needs.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { systemClock } from "../base/clock.ts"
import { isHoldfastError } from "../base/errors.ts"
import { type RunContext, silentLog, silentProgress } from "../base/run-context.ts"
import { parseSettings } from "../settings/parse.ts"
import { resolveApp } from "../settings/resolve.ts"
import { createCommandRunner } from "../tool/process/command-runner.ts"
import { createProcesses } from "../tool/process/process.ts"
import type { App } from "./app.ts"
import { hostKeyFingerprint } from "./host-key.ts"
import { keyMaterial, proveKey } from "./key-proof.ts"
import { liveKeySources } from "./key-texts.ts"
import { loadRecipes } from "./load-recipes.ts"
import { applyRegenerate, planRegenerate } from "./secret-regenerate.ts"

const run = promisify(execFile)
const ctx: RunContext = {
  signal: new AbortController().signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
  operationId: "test",
}
const now = new Date("2026-04-19T12:00:00Z")

async function appOf(recipe: string): Promise<{ app: App; directory: string }> {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, "compose.yml"), "services: {}\n")
  await mkdir(join(directory, "secrets"))
  const settings = parseSettings(`vaults: { v: { path: /v } }\napps: { a: { recipe: ${recipe}, compose: ./compose.yml } }\n`, "h.yaml")
  const recipes = loadRecipes(join(import.meta.dirname, "../../recipes"))
  return { app: resolveApp({ ...settings, file: null, directory, environment: {} }, "a", { environment: {}, recipes }), directory }
}

describeNeeding("sshd")("making a secret anew", () => {
  it("makes a pair that belongs together, keeps the old files beside and their modes, and has a notice", async () => {
    const { app, directory } = await appOf("chatalot")
    await writeFile(join(directory, "secrets/jwt_private.pem"), "old", { mode: 0o640 })
    const plan = planRegenerate(app, "jwt_private.pem", [directory], now)

    const done = await applyRegenerate(
      plan,
      createCommandRunner(createProcesses({ clock: systemClock, environment: { PATH: process.env["PATH"] ?? "" }, setpriv: null })),
      ctx,
    )

    const [proof] = app.recipe?.keyProofs ?? []
    if (proof === undefined) throw new Error("expected a proof")
    expect(proveKey(proof, keyMaterial(proof, liveKeySources(app), null), []).status).toBe("proven")
    expect(done.kept).toEqual([join(directory, "secrets/jwt_private.pem.before-20260419T120000Z")])
    expect(await readFile(done.kept[0] ?? "", "utf8")).toBe("old")
    expect((await stat(join(directory, "secrets/jwt_private.pem"))).mode & 0o777).toBe(0o640)
    expect((await stat(join(directory, "secrets/jwt_public.pem"))).mode & 0o777).toBe(0o644)
    expect(done.notice).toBe("Everyone has been signed out and must log in again. Nothing else changes.")
  })

  it("makes an SSH host key that ssh-keygen and we give the same fingerprint", async () => {
    const { app, directory } = await appOf("superchat")
    const { written } = await applyRegenerate(
      planRegenerate(app, "SSH host key", [directory], now),
      createCommandRunner(createProcesses({ clock: systemClock, environment: { PATH: process.env["PATH"] ?? "" }, setpriv: null })),
      ctx,
    )
    const file = written[0] ?? ""
    const { stdout } = await run("ssh-keygen", ["-lf", file])
    expect(stdout.split(" ")[1]).toBe(hostKeyFingerprint(await readFile(file, "utf8")))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it.each([
    ["rsa", "2048"],
    ["ecdsa", "256"],
    ["ed25519", "256"],
  ])("gives the fingerprint that ssh-keygen gives, for %s in PEM and OpenSSH form", async (type, bits) => {
    const directory = await temporaryDirectory()
    for (const form of type === "ed25519" ? [[]] : [["-m", "PEM"], []]) {
      const file = join(directory, `key${form.length}`)
      await run("ssh-keygen", ["-q", "-t", type, "-b", bits, "-N", "", ...form, "-f", file])
      const { stdout } = await run("ssh-keygen", ["-lf", file])
      expect(hostKeyFingerprint(await readFile(file, "utf8"))).toBe(stdout.split(" ")[1])
      expect(hostKeyFingerprint(await readFile(`${file}.pub`, "utf8"))).toBe(stdout.split(" ")[1])
    }
  })

  it("replaces the last assignment in .env, the one that counts, and no other byte", async () => {
    const { app, directory } = await appOf("weavestream")
    await writeFile(join(directory, ".env"), "JWT_SIGNING_KEY=REPLACEME\nX='a b' # c\nJWT_SIGNING_KEY=old\nY=1", { mode: 0o600 })
    await applyRegenerate(
      planRegenerate(app, "JWT_SIGNING_KEY", [directory], now),
      createCommandRunner(createProcesses({ clock: systemClock, environment: { PATH: process.env["PATH"] ?? "" }, setpriv: null })),
      ctx,
    )
    const text = await readFile(join(directory, ".env"), "utf8")
    expect(text).toMatch(/^JWT_SIGNING_KEY=REPLACEME\nX='a b' # c\nJWT_SIGNING_KEY=[A-Za-z0-9+/]{43}=\nY=1$/)
  })

  it("refuses a key that stored data is encrypted with, and says what can be done instead", async () => {
    const { app, directory } = await appOf("weavestream")
    try {
      planRegenerate(app, "PASSWORD_ENCRYPTION_KEY", [directory], now)
      expect.unreachable()
    } catch (thrown) {
      if (!isHoldfastError(thrown, "REGENERATE_REFUSED")) throw thrown
      expect(thrown.message).toBe("vault key cannot be made anew")
      expect(thrown.why).toBe("Stored passwords and their notes and one-time codes can never be read again.")
      expect(thrown.hint).toContain("the data of the vault is unrecoverable")
    }
  })
})
