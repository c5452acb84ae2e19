import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"

const install = join(import.meta.dirname, "install")
const BASICS = ["sh", "sed", "grep", "head", "id", "env", "ls"]

describe("scripts/install --check", () => {
  let programs = ""

  beforeEach(() => {
    programs = mkdtempSync(join(tmpdir(), "holdfast-install-"))
    for (const name of BASICS) symlinkSync(join("/usr/bin", name), join(programs, name))
  })

  afterEach(() => rmSync(programs, { recursive: true, force: true }))

  function provide(name: string, says: string): void {
    const path = join(programs, name)
    writeFileSync(path, `#!/bin/sh\necho '${says}'\n`)
    chmodSync(path, 0o755)
  }

  const check = (...words: readonly string[]): { code: number | null; said: string } => {
    const child = spawnSync("/bin/sh", [install, "--check", ...words], { encoding: "utf8", env: { PATH: programs } })
    return { code: child.status, said: child.stdout + child.stderr }
  }

  function provideAll(resticVersion: string): void {
    provide("restic", `restic ${resticVersion} compiled with go1.24 on linux/amd64`)
    for (const name of ["psql", "pg_dump", "pg_restore", "sqlite3", "setpriv", "git"]) provide(name, "")
  }

  it("names everything that is missing and changes nothing", () => {
    const { code, said } = check()

    expect(code).toBe(1)
    for (const name of ["restic 0.17 or newer", "PostgreSQL clients (psql, pg_dump, pg_restore)", "sqlite3", "git"])
      expect(said).toContain(`  - ${name}`)
  })

  it("is content with restic 0.17 and the clients", () => {
    provideAll("0.17.3")

    expect(check()).toEqual({ code: 0, said: "install: nothing is missing (for run)\n" })
  })

  it.each(["0.14.0", "0.9.6", "0.16.4", "nonsense"])("does not accept restic %s", (version) => {
    provideAll(version)

    expect(check()).toMatchObject({ code: 1, said: expect.stringContaining("  - restic 0.17 or newer") })
  })

  it.each(["1.0.0", "0.18.0", "0.100.2"])("accepts restic %s", (version) => {
    provideAll(version)

    expect(check().code).toBe(0)
  })

  it("asks for more when it is for tests", () => {
    provideAll("0.18.0")
    const { code, said } = check("--for", "tests")

    expect(code).toBe(1)
    for (const name of ["Docker Engine", "Docker Compose 2", "restic's REST server", "strace"]) expect(said).toContain(`  - ${name}`)
    expect(said).not.toContain("  - restic 0.17")
  })

  it("refuses a purpose that it does not know", () => {
    const child = spawnSync(install, ["--for", "fun"], { encoding: "utf8" })

    expect(child.status).toBe(2)
    expect(child.stderr).toBe("install: --for wants run or tests\n")
  })
})
