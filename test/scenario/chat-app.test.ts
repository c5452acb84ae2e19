/** The main job on a real application: backed up hot, proven, broken, restored, undone, restored again, and rebuilt on an empty host. */
import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { z } from "zod"
import { backupOutput, drillOutput, operationOutput, pointsOutput, restoreOutput, verifyOutput } from "../../src/contract/output.ts"
import { doctorOutput, initOutput } from "../../src/contract/output-host.ts"
import { showOutput } from "../../src/contract/output-points.ts"
import { statusOutput } from "../../src/contract/output-posture.ts"
import { manifestSchema } from "../../src/recovery-point/manifest.ts"
import { chatImages } from "../fixture/chat-app/project.ts"
import { startWriter } from "../fixture/chat-app/writer.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { recordEvidence } from "../fixture/evidence.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { bySize, isFullRun } from "../fixture/size.ts"
import {
  blankVariable,
  chatWorld,
  containersOf,
  leftovers,
  otherDatabases,
  removeProject,
  stateOf,
  uploadsDirectory,
  type ChatState,
  type ChatWorld,
} from "./chat-world.ts"
import { watchStarts } from "./container-starts.ts"
import { startNeighbour, type Neighbour } from "./neighbour.ts"
import { storySteps } from "./story.ts"

const kitOutput = z.object({ format: z.literal("holdfast.kit"), files: z.array(z.string()), vaults: z.array(z.string()) })
const rebuildOutput = z.object({
  format: z.literal("holdfast.rebuild"),
  app: z.string(),
  point: z.string(),
  parts: z.array(z.string()),
  durationMs: z.number(),
})
const undoOutput = z.object({ format: z.literal("holdfast.undo"), operationId: z.string(), undone: z.string(), safetyPoint: z.string() })

describeNeeding(
  "docker",
  "root",
  "restic",
  "postgres",
)("a chat application under Docker Compose", () => {
  useDocker(chatImages)
  const step = storySteps()

  let world: ChatWorld
  let neighbour: Neighbour
  let neighbourBefore: unknown
  let point = ""
  let acknowledged: readonly string[] = []
  let restored: ChatState
  let damaged: ChatState
  let containersBefore: Awaited<ReturnType<typeof containersOf>>
  const measured: Record<string, string | number | boolean> = {}

  beforeAll(async () => {
    world = await chatWorld()
    const starting = [world.project.up(), startNeighbour(world.directory).then((started) => (neighbour = started))]
    await Promise.all(starting)
    for (let number = 1; number <= 30; number += 1) await world.project.post(`before ${number}`)
    for (let number = 1; number <= 12; number += 1) await world.project.upload(randomBytes(3000 * number))
    await world.project.psql(bulk())
    neighbourBefore = await neighbour.look()
    containersBefore = await containersOf(world.project.name)
  })

  afterAll(async () => {
    recordEvidence("scenario-chat-app", { title: "Chat application under Docker Compose with PostgreSQL 15", facts: measured })
    await neighbour?.remove()
    await world?.dispose()
  })

  step("is found by init as it runs, although its project name is written nowhere", async () => {
    const found = await world.cli.json(initOutput, ["init", "--vault-path", world.vault])

    expect(found.written).toBe(true)
    expect(found.report).toEqual(
      expect.arrayContaining([
        `app ${world.project.name}: compose project ${world.project.name} in app/ (docker-compose.yml, docker-compose.override.yml)`,
        "recipe chatalot",
        "note: written more than once in .env, where the last one counts: DB_NAME",
        "note: not running now: tunnel, turn",
      ]),
    )
    expect(found.report.some((line) => line.startsWith("database main: PostgreSQL database chatalot of service postgres"))).toBe(true)
    expect(found.report.some((line) => line.startsWith("NOT PROTECTED"))).toBe(false)
  })

  step("is backed up while people write, with facts that are true of the point", async () => {
    const writer = startWriter(world.project)
    await writer.wait(20)
    acknowledged = [...writer.acknowledged]
    const uploads = [...writer.uploads]

    await world.project.psql("CREATE DATABASE stats")
    const backingUp = world.cli.json(backupOutput, ["backup", "--label", "hot"])
    await Promise.allSettled([backingUp])
    await writer.stop()
    const { point: taken } = await backingUp

    point = taken?.id ?? ""
    expect(
      taken?.warnings.filter(
        (warning) => !/^(database:main: data checksums are off|files:uploads: changed while it was read)/.test(warning),
      ),
    ).toEqual([expect.stringMatching(/^database stats \(\S+ MiB\) of the server postgres is not named in the settings/)])
    expect(taken?.parts.map((part) => part.part).toSorted()).toEqual(
      expect.arrayContaining(["configuration", "database:main", "files:config", "files:uploads", "secrets"]),
    )
    expect(taken?.parts.some((part) => part.part.startsWith("image:"))).toBe(true)
    expect(writer.acknowledged.length).toBeGreaterThan(acknowledged.length)
    expect(writer.failures()).toBe(0)
    expect(uploads.length).toBeGreaterThan(0)
    measured["backup under a writer, seconds"] = seconds(taken?.durationMs)
    measured["database, bytes"] = taken?.parts.find((part) => part.part === "database:main")?.sizeBytes ?? 0
  })

  step("is told of a database that somebody made beside, until it is gone", async () => {
    const unnamed = async (): Promise<readonly string[]> => {
      const { findings } = await world.cli.json(doctorOutput, ["doctor"], 3)
      return findings.filter(({ check }) => check.startsWith("unnamed")).map(({ what }) => what)
    }
    const { report } = await world.cli.json(initOutput, ["init", "--plan"])

    expect(report).toContain("database stats: PostgreSQL database stats of service postgres; the server postgres holds it")
    expect(await unnamed()).toHaveLength(1)
    const { apps } = await world.cli.json(statusOutput, ["status"], 4)
    expect(apps.flatMap(({ reasons }) => reasons)).toContain("no recovery point holds database stats of the server postgres")
    await world.project.psql("DROP DATABASE stats")
    expect(await unnamed()).toEqual([])
  })

  step("is read back to the last byte, and then booted from the point alone with the second factor's key proven", async () => {
    const read = await world.cli.json(verifyOutput, ["verify"])
    const drill = await world.cli.json(drillOutput, ["drill"])

    expect(read).toMatchObject({ point, level: "read" })
    expect(drill).toMatchObject({ point, level: "booted", passed: true })
    const details = Object.fromEntries(drill.assertions.map((assertion) => [assertion.name, assertion.detail]))
    expect(details["key totp"]).toBe("proven: all 1 encrypted values decrypt")
    expect(details["key jwt"]).toBe("proven: the public key is the private key's own")
    expect(details["booted: health"]).toBeDefined()
    expect(drill.assertions.map((assertion) => assertion.name)).toEqual(
      expect.arrayContaining(["booted: service chatalot", "booted: service postgres"]),
    )
    const listed = await world.cli.json(pointsOutput, ["points"])
    expect(listed.points.find((one) => one.id === point)?.proof?.level).toBe("booted")
    expect(await leftovers(world.project)).toEqual([])
    expect(await containersOf(world.project.name)).toEqual(containersBefore)
    measured["recovery time in the drill, seconds"] = seconds(drill.recoveryTimeMs)
  })

  step("comes back whole after rows, uploads and a secret were lost, and is never started in between", async () => {
    await damage(world)
    damaged = await stateOf(world.project)
    const starts = await watchStarts(world.project.name, "chatalot")

    const report = await world.cli.json(restoreOutput, ["restore", world.project.name, point, "--yes"]).finally(starts.end)
    const started = await starts.stop()

    restored = await stateOf(world.project)
    await expectPoint(world, restored)
    expect(report.safetyPoint).not.toBeNull()
    expect(started).toHaveLength(1)
    const { operation } = await world.cli.json(operationOutput, ["operations", "show", report.operationId])
    const swaps = operation.steps.filter(({ name }) => name === "swap")
    expect(swaps.length).toBeGreaterThanOrEqual(4)
    for (const swap of swaps) expect(new Date(swap.at).getTime()).toBeLessThanOrEqual(started[0] ?? 0)
    expect(await otherDatabases(world.project)).toHaveLength(1)
    await expectAsBefore(world)
    measured["restore, seconds"] = seconds(report.durationMs)
    measured["of which the app was down, seconds"] = seconds(report.downtimeMs)
    measured["restore"] = report.operationId
  })

  step("is as it was before the restore after undo, and the point comes back a second time", async () => {
    const undone = await world.cli.json(undoOutput, ["undo", String(measured["restore"]), "--yes"])
    const afterUndo = await stateOf(world.project)
    const again = await world.cli.json(restoreOutput, ["restore", world.project.name, point, "--yes"])

    delete measured["restore"]
    expect(afterUndo).toEqual(damaged)
    expect(undone.safetyPoint).not.toBe("")
    expect(await stateOf(world.project)).toEqual(restored)
    expect(again.safetyPoint).not.toBe(undone.safetyPoint)
    expect(await world.project.check()).toMatchObject({ missing: [], totp: true, schema: 1 })
    await expectAsBefore(world)
    const refused = await world.cli.error("undo", undone.undone, "--yes")
    expect(refused).toMatchObject({ code: "UNDO_UNAVAILABLE" })
  })

  step("comes back on a host that has nothing but the vault and the kit", async () => {
    await writeFile(join(world.directory, "passphrase"), "correct horse battery staple\n")
    const kitFile = join(world.directory, "kit.age")
    await world.cli.json(kitOutput, ["kit", "--encrypted", kitFile, "--passphrase-file", join(world.directory, "passphrase")])
    await world.project.cli(["down"])
    await rm(world.project.directory, { recursive: true })
    await rm(world.cli.place.stateDirectory, { recursive: true })
    const host = await world.elsewhere("newhost")
    const words = ["rebuild", point, "--kit", kitFile, "--passphrase-file", join(world.directory, "passphrase"), "--yes"]

    const refused = await host.error(...words)
    await removeProject(world.project)
    const built = await host.json(rebuildOutput, words)

    expect(refused.code).toBe("TARGET_NOT_EMPTY")
    expect(refused.what).toMatch(new RegExp(String.raw`^1 place is not empty: \S+/${world.project.volumes.files}/_data$`))
    expect(built).toMatchObject({ app: world.project.name, point })
    await world.project.waitHealthy()
    expect(await stateOf(world.project)).toEqual(restored)
    await expectPoint(world, restored)
    expect(await otherDatabases(world.project)).toEqual([])
    expect(await leftovers(world.project)).toEqual([])
    expect(Object.keys(await containersOf(world.project.name))).toEqual(Object.keys(containersBefore))
    expect(existsSync(join(world.project.directory, "holdfast.yaml"))).toBe(true)
    measured["rebuild on an empty host, seconds"] = seconds(built.durationMs)
    const next = await host.json(backupOutput, ["backup", "--config", join(world.project.directory, "holdfast.yaml")])
    expect(next.point?.warnings.filter((warning) => !warning.startsWith("database:main: data checksums are off"))).toEqual([])
    expect(await neighbour.look()).toEqual(neighbourBefore)
  })

  /** Every acknowledged row, the facts that the manifest recorded, the app's own opinion. */
  async function expectPoint(of: ChatWorld, state: ChatState): Promise<void> {
    // Not by the app's own page, which would be as large as the bulk.
    const bodies = new Set((await of.project.psql("SELECT body FROM messages WHERE body NOT LIKE 'old %'")).split("\n"))
    expect(acknowledged.filter((body) => !bodies.has(body))).toEqual([])
    expect(await of.project.check()).toMatchObject({ missing: [], totp: true, schema: 1, banner: `welcome to ${of.project.name}` })
    const cli = existsSync(join(of.project.directory, "holdfast.yaml")) && existsSync(of.cli.place.stateDirectory) ? of.cli : null
    if (cli === null) return
    const { manifest } = await cli.json(showOutput, ["show", of.project.name, point])
    for (const part of manifestSchema.parse(manifest).parts) if (part.kind === "database") expect(state.rows).toEqual(part.facts.rows)
  }

  /** Same containers' restart policies, nothing left behind, the other stack untouched. */
  async function expectAsBefore(of: ChatWorld): Promise<void> {
    const policies = Object.entries(await containersOf(of.project.name)).map(([name, look]) => [name, look.restartPolicy, look.running])
    expect(policies).toEqual(Object.entries(containersBefore).map(([name, look]) => [name, look.restartPolicy, look.running]))
    expect(await leftovers(of.project)).toEqual([])
    expect(await neighbour.look()).toEqual(neighbourBefore)
  }
})

/** Rows lost and changed, every upload gone, the second factor's key blank: the app still says that it is well. */
async function damage({ project }: ChatWorld): Promise<void> {
  await project.psql("DELETE FROM messages WHERE id % 3 = 0; UPDATE messages SET body = 'scrambled' WHERE id % 3 = 1; DELETE FROM files")
  const uploads = await uploadsDirectory(project)
  for (const name of await readdir(uploads)) await rm(join(uploads, name), { recursive: true })
  await blankVariable(project, "TOTP_ENCRYPTION_KEY")
  expect(await readFile(join(project.directory, ".env"), "utf8")).toContain("TOTP_ENCRYPTION_KEY=\n")
}

/** Old messages, so that a dump has a size; 1 GiB and more in the full run. */
function bulk(): string {
  const rows = bySize({ small: 4000, full: 1_400_000 })
  const words = isFullRun ? 12 : 3
  return `INSERT INTO messages (author_id, body) SELECT u.id, 'old ' || n || ' ' || (SELECT string_agg(md5(n::text || i::text), ' ') FROM generate_series(1, ${words * 2}) i)
    FROM users u, generate_series(1, ${rows}) n WHERE u.name = 'alice'`
}

function seconds(milliseconds: number | undefined): number {
  return Math.round((milliseconds ?? 0) / 100) / 10
}
