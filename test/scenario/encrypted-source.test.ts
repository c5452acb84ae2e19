/** Files that somebody encrypted: the point is made, and says so. */
import { randomBytes } from "node:crypto"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { backupOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn } from "./cli.ts"

const FILES = 20
const FILE_BYTES = 100_000

describeNeeding("restic")("an app whose files were encrypted", () => {
  it("gets a point with a warning; ordinary changes get none", async () => {
    const directory = await temporaryDirectory("encrypted")
    const uploads = join(directory, "uploads")
    await mkdir(uploads)
    const fill = async (from: number, content: (index: number) => Buffer): Promise<void> => {
      for (let index = from; index < FILES; index += 1) await writeFile(join(uploads, `${index}.txt`), content(index))
    }
    const app = { databases: {}, files: { uploads: { path: uploads } }, secrets: [] }
    await writeFile(join(directory, "holdfast.yaml"), JSON.stringify({ vaults: { local: { path: "./vault" } }, apps: { chat: app } }))
    const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state") })
    const warnings = async (): Promise<readonly string[]> => (await cli.json(backupOutput, ["backup", "chat"])).point?.warnings ?? []

    await fill(0, (index) => Buffer.from(`line of text ${index}\n`.repeat(FILE_BYTES / 16)))
    expect(await warnings()).toEqual([])
    await fill(15, (index) => Buffer.from(`another text ${index}\n`.repeat(FILE_BYTES / 16)))
    expect(await warnings()).toEqual([])
    await fill(0, () => randomBytes(FILE_BYTES))
    expect(await warnings()).toEqual([
      expect.stringMatching(/^files:uploads: 1\.\d MiB of 1\.9 MiB are new since .* may have been encrypted/),
    ])
    expect(await warnings()).toEqual([])
  })
})
