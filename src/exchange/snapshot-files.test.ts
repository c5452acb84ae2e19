import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { expect, it } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { checkSideManifest } from "./side-manifest.ts"
import { importedFrom, snapshotFiles } from "./snapshot-files.ts"

const PLAIN = gzipSync("--\n-- PostgreSQL database dump\n--\n")

it("lists snapshots by id whatever the ending, newest first, damaged ones too, and nothing else", async () => {
  const directory = await temporaryDirectory()
  const files: Record<string, Buffer | string> = {
    "20260419T120000Z-0.24.6.sql.gz": PLAIN,
    "20260420T120000Z-0.25.0-rc.1.gz": PLAIN,
    "20260420T120000Z-0.25.0-rc.1.json": JSON.stringify({ version: "0.25.0-rc.1", label: "pre-upgrade" }),
    "20260421T120000Z-0.25.0.dump.gz": PLAIN.subarray(0, 12),
    "20260422T120000Z-0.25.0.txt": "notes about the upgrade",
    "20261399T120000Z-0.25.0.sql.gz": PLAIN,
    "holdfast-vault.key": "key",
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  await mkdir(join(directory, "20260423T120000Z-0.25.0.sql"))

  const found = await snapshotFiles(directory)

  expect(found.map(({ id, version, label, takenAt }) => ({ id, version, label, takenAt: takenAt.toISOString() }))).toEqual([
    { id: "20260421T120000Z-0.25.0", version: "0.25.0", label: null, takenAt: "2026-04-21T12:00:00.000Z" },
    { id: "20260420T120000Z-0.25.0-rc.1", version: "0.25.0-rc.1", label: "pre-upgrade", takenAt: "2026-04-20T12:00:00.000Z" },
    { id: "20260419T120000Z-0.24.6", version: "0.24.6", label: null, takenAt: "2026-04-19T12:00:00.000Z" },
  ])
  expect(await snapshotFiles(join(directory, "not-there"))).toEqual([])
})

it("a dump that is only called .gz is held to the manifest of the same name", async () => {
  const directory = await temporaryDirectory()
  const path = join(directory, "20260419T120000Z-0.24.6.gz")
  await writeFile(path, PLAIN)
  await writeFile(join(directory, "20260419T120000Z-0.24.6.json"), JSON.stringify({ sizeBytes: PLAIN.length + 1 }))
  await expect(checkSideManifest(path)).rejects.toThrow(`${path} has ${PLAIN.length} bytes, its manifest says ${PLAIN.length + 1}`)
})

it("only an imported point says which file it was made of", () => {
  const warnings = ["database:main was imported from /var/backups/a.sql.gz", "something else"]
  expect(importedFrom({ trigger: "import", warnings })).toEqual(["/var/backups/a.sql.gz"])
  expect(importedFrom({ trigger: "manual", warnings })).toEqual([])
})
