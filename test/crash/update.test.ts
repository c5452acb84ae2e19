/** SIGKILL at the journaled steps of an update and of a rollback, and a machine that goes wrong under them: the old version or the new one, healthy, with its own data, nothing orphaned. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { updateOutput } from "../../src/contract/output-update.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { isFullRun } from "../fixture/size.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import type { Engine } from "../fixture/versioned-app/project.ts"
import { APP, stateOfShop, type ShopState } from "../scenario/update-world.ts"
import type { CrashMatrix, CrashWorld } from "./harness.ts"
import { walk } from "./matrix.ts"
import { expectSettled, fillData, freeData, smallData, updatePlace, type SavedPlace, type UpdatePlace } from "./update-place.ts"

type Matrix = Omit<CrashMatrix, "phases" | "killSettlingAt">

const engines: readonly Engine[] = isFullRun ? ["sqlite", "postgres"] : ["sqlite"]

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update, killed", () => {
  useDocker(updateImages)

  for (const engine of engines) {
    const app = engine === "sqlite" ? "an app with a SQLite file" : "an app with PostgreSQL"
    describeApp(engine, app)
  }
})

function describeApp(engine: Engine, app: string): void {
  let place: UpdatePlace
  let saved: SavedPlace
  /** What runs before, and after a run that nothing interrupts. */
  let before: ShopState
  let after: ShopState | null = null

  beforeAll(async () => {
    place = await updatePlace(engine)
    saved = await place.save()
    before = await stateOfShop(place.project)
  })

  afterAll(async () => {
    await saved?.dispose()
    await place?.dispose()
  })

  const update = (more: Partial<Matrix> = {}, beforeSettling?: () => Promise<void>): Matrix => ({
    prepare: async () => await prepare(place, saved, ["update", "apply", APP, "--yes"], beforeSettling),
    check: async (_world, killedAt) => {
      await place.vendor.registry.start()
      if (killedAt === null) after = await stateOfShop(place.project)
      const now = await expectSettled(place, [before, after ?? before])
      expect(after?.version).toBe("1.1.0")
      if (killedAt === null) expect(now.version).toBe("1.1.0")
    },
    ...more,
  })

  it(`${app}: update, killed at its steps`, async () => {
    await walk(`update of ${app}`, update(), ["stop-writers", "clone-database", "pin", "start", "gate", "keep"])
  })

  const restart = async (): Promise<void> => {
    await place.daemon.stop()
    await place.daemon.start()
  }

  it(`${app}: update, killed, and the engine restarts before it is settled`, async () => {
    await walk(`update of ${app}, and the engine restarts before it is settled`, update({}, restart), ["start"])
  })

  it(`${app}: update, and the engine restarts under it`, async () => {
    const trouble = { begin: restart, end: async () => await Promise.resolve() }
    await walk(`update of ${app}, engine restarted under it`, update({ trouble }), ["pin"])
  })

  if (isFullRun) {
    it(`${app}: update, killed, and the registry is gone when it is settled`, async () => {
      await walk(`update of ${app}, and the registry is gone`, update({}, place.vendor.registry.stop), [])
    })

    it(`${app}: update, and the registry goes under it`, async () => {
      const { stop, start } = place.vendor.registry
      await walk(`update of ${app}, registry gone under it`, update({ trouble: { begin: stop, end: start } }), [])
    })
  }

  it(`${app}: rollback, killed at its steps: done, or done by asking once more`, async () => {
    await saved.reset()
    await place.cli.json(updateOutput, ["update", "apply", APP, "--yes"])
    await place.project.addEntry("since", 1)
    await place.project.waitQuiet()
    const updated = await stateOfShop(place.project)
    const savedUpdated = await place.save()
    try {
      await walk(
        `rollback of ${app}`,
        {
          prepare: async () => await prepare(place, savedUpdated, ["update", "rollback", APP, "--yes"]),
          check: async () => {
            const now = await expectSettled(place, [before, updated])
            if (now.version === before.version) return
            expect((await place.cli.run("update", "rollback", APP, "--yes")).exitCode).toBe(0)
            await expectSettled(place, [before])
          },
        },
        ["roll-back", "swap-back", "start-old"],
      )
    } finally {
      await savedUpdated.dispose()
    }
  })

  it(`${app}: update, and the disk of the data fills up under it`, async () => {
    await saved.reset()
    const unmount = await smallData(place, engine === "sqlite" ? "2m" : "150m")
    try {
      const trouble = { begin: async () => await fillData(place.project), end: async () => await freeData(place.project) }
      await walk(`update of ${app}, disk full under it`, update({ trouble }), ["stop-writers"])
    } finally {
      await place.project.cli("down", "--timeout", "0")
      await unmount()
    }
  })
}

async function prepare(
  place: UpdatePlace,
  saved: SavedPlace,
  words: readonly string[],
  beforeSettling?: () => Promise<void>,
): Promise<CrashWorld> {
  await saved.reset()
  const { directory, environment } = place
  return { directory, words, settleWords: ["points", APP], environment, beforeSettling, dispose: async () => await Promise.resolve() }
}
