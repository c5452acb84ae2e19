/** Points are copied off the host; then the host burns, and the copy alone, with an empty cache, brings everything back. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { copyOutput } from "../../src/contract/output-copy.ts"
import { backupOutput, pointsOutput } from "../../src/contract/output.ts"
import { restServer, type RestServer } from "../contract/copy-world.ts"
import { makePlainApp, type AppState, type PlainPlace } from "../crash/plain-world.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { storySteps } from "./story.ts"

const step = storySteps()

let directory = ""
let server: RestServer
let place: PlainPlace
let state: AppState
const points: string[] = []

async function backup(word: string): Promise<void> {
  await place.change(word)
  points.push((await place.cli.json(backupOutput, ["backup", "chat", "--vault", "local"])).point?.id ?? "")
}

describeNeeding("restic", "rest-server")("a copy that must not be deleted from", () => {
  beforeAll(async () => {
    directory = await newDirectory("copy-alone")
    server = await restServer(directory, "--append-only")
    place = await makePlainApp(directory, {
      vaults: {
        local: { path: "./vault" },
        offsite: { url: server.url("offsite"), appendOnly: true },
        external: { path: "./disk/holdfast", mustBeMounted: true },
      },
    })
  })
  afterAll(async () => {
    await server.cut()
    await removeTree(directory)
  })

  step("is planned without being made, and made by the first copy", async () => {
    await backup("one")
    await backup("two")
    expect((await place.cli.run("pin", "chat", points[0] ?? "", "--vault", "local")).exitCode).toBe(0)
    const planned = await place.cli.json(copyOutput, ["copy", "chat", "--to", "offsite", "--plan"])
    expect(planned).toMatchObject({
      applied: false,
      outcome: null,
      plan: { makesVault: true, points: [{ id: points[1] }, { id: points[0] }] },
    })
    expect((await place.cli.error("verify", "chat", "--vault", "offsite")).code).toBe("VAULT_ABSENT")

    const copied = await place.cli.run("copy", "chat", "--from", "local", "--to", "offsite")
    expect(copied).toMatchObject({ exitCode: 0 })
    expect(copied.stdout).toContain("copied 2 points of chat from local to offsite")
    expect(copied.stdout).toContain("the key of vault offsite exists only on this machine")
    const { points: listed } = await place.cli.json(pointsOutput, ["points", "chat", "--vault", "local"])
    expect(listed.map((point) => point.vaults)).toEqual([
      ["local", "offsite"],
      ["local", "offsite"],
    ])
    state = await place.state()
  })

  step("says what is wrong: no such vault, the same vault, a disk that is not mounted, a server that does not answer", async () => {
    expect((await place.cli.error("copy", "chat", "--to", "nowhere")).code).toBe("VAULT_UNKNOWN")
    expect(await place.cli.error("copy", "chat")).toMatchObject({ code: "USAGE", what: "copy to which vault?" })
    expect(await place.cli.error("copy", "chat", "--to", "local")).toMatchObject({ what: "local cannot be copied to itself" })
    await mkdir(join(directory, "disk"))
    expect(await place.cli.error("copy", "chat", "--to", "external")).toMatchObject({
      code: "VAULT_NOT_MOUNTED",
      what: "the disk of vault external is not mounted",
    })
    await server.cut()
    expect((await place.cli.error("copy", "chat", "--to", "offsite")).code).toBe("VAULT_UNREACHABLE")
    await server.back()
  })

  step("catches up with the backups that were taken meanwhile", async () => {
    await backup("three")
    await rm(join(directory, "vault/snapshots"), { recursive: true })
    await cp(join(directory, "vault"), join(directory, "vault-emptied"), { recursive: true })
    const lost = await place.cli.json(copyOutput, ["copy", "chat", "--to", "offsite"], 3)
    expect(lost).toMatchObject({ outcome: "partial", copied: [], problems: [expect.stringContaining(points[2] ?? "none")] })
    expect((await place.cli.json(pointsOutput, ["points", "chat", "--vault", "offsite"])).points).toHaveLength(2)
  })

  step("alone rebuilds the app on an empty host, pins included, from an empty cache", async () => {
    const key = join(directory, "offsite.key")
    await writeFile(key, await readFile(join(directory, "state/keys/offsite.key")), { mode: 0o600 })
    for (const name of ["vault", "app/data", "app/uploads", "app/secrets", "state", "holdfast.yaml"])
      await rm(join(directory, name), { recursive: true })

    const from = ["--vault", server.url("offsite"), "--vault-name", "offsite", "--key", key]
    const rebuilt = await place.cli.run("rebuild", ...from, "--app", "chat", "--yes")
    expect(rebuilt, rebuilt.stderr).toMatchObject({ exitCode: 0 })
    expect(await place.state()).toEqual(state)
    const { points: listed } = await place.cli.json(pointsOutput, ["points", "chat", "--vault", "offsite"])
    expect(listed.map((point) => [point.id, point.pinned])).toEqual([
      [points[1], false],
      [points[0], true],
    ])
  })
})
