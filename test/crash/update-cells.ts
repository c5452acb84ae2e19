/** The kill matrices of updates, for one database engine each: which steps meet which trouble, and what has to hold afterwards. */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, it } from "vitest"
import { catalog } from "../../src/base/error-catalog.ts"
import { updateOutput } from "../../src/contract/output-update.ts"
import { goBackSteps, rollBackSteps, updateSteps } from "../../src/update/steps.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { isFullRun } from "../fixture/size.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import type { Engine } from "../fixture/versioned-app/project.ts"
import { APP, stateOfShop, type ShopState } from "../scenario/update-world.ts"
import type { CrashReport, CrashWorld } from "./harness.ts"
import { recordCells, stepsIn, walk, walkSettling, walkSteps, type Steps, type Walked } from "./matrix.ts"
import {
  empty,
  expectSettled,
  fill,
  smallDisk,
  updatePlace,
  type SavedPlace,
  type UpdatePlace,
  type UpdatePlaceOptions,
} from "./update-place.ts"

const { exitCode: UPDATE_ROLLED_BACK } = catalog.UPDATE_ROLLED_BACK

const APPLY = ["update", "apply", APP, "--yes"] as const
const ROLL_BACK = ["update", "rollback", APP, "--yes"] as const

/** Steps of the table that no run here takes, each with where it is met instead. */
const NOT_TAKEN: Readonly<Record<string, string>> = {
  "hooks-before": "the app has no hooks: the matrix of a backup",
  "hooks-after": "as above",
  "stop-app": "nothing is stopped for a capture: the matrix of a cold backup",
  "start-app": "taken when something fails before the pin: what goes wrong under an update comes through it",
  "capture-image": "images are not saved: the matrix of a backup",
  rehearse: "it was rehearsed before, which changes nothing of the app",
  "start-databases": "no service of a database is made anew",
}

/** Of a rollback in the normal run. */
const ROLLBACK_CELLS = ["roll-back", "swap-back", "start-old", "keep-failed"]

/**
 * What a capture stores changes nothing of the app, and settling drops it by the name of its operation: the second capture of a run is cut off in no
 * other state than the first. Its `seal` is looked at each time.
 */
const differs = (label: string, first: boolean): boolean => first || !/^(begin|end)Step capture-/.test(label)

interface World {
  readonly place: UpdatePlace
  readonly saved: SavedPlace
  /** What runs before. */
  readonly before: ShopState
  /** What runs after an update that nothing interrupted; null until there was one. */
  after: ShopState | null
  /** Its writes. */
  writes: readonly string[] | null
}

/** With what each of these matrices needs. */
function describeMatrix(title: string, matrix: () => void): void {
  describeNeeding(
    "docker",
    "root",
    "restic",
    "registry",
  )(title, () => {
    useDocker(updateImages)
    matrix()
  })
}

/** A place of its own for these tests; `world()` is there from the first of them on. */
function usePlace(engine: Engine, options: UpdatePlaceOptions = {}): () => World {
  let world: World | null = null
  beforeAll(async () => {
    const place = await updatePlace(engine, options)
    const saved = await place.save()
    world = { place, saved, before: saved.state, after: null, writes: null }
  })
  afterAll(async () => {
    await world?.saved.dispose()
    await world?.place.dispose()
  })
  return () => {
    if (world === null) throw new Error("the place was not made")
    return world
  }
}

interface More extends Partial<Walked> {
  /** After everything was put back. */
  readonly first?: () => Promise<void>
  readonly beforeSettling?: () => Promise<void>
  /**
   * The engine itself leaves a running container down when it was killed, whatever its restart policy (measured: 28.2, without Holdfast). What
   * Holdfast had not stopped yet is then started by whoever runs the app.
   */
  readonly engineDies?: boolean
}

/** The old version with the data of before, or the new one with what the update made of it. */
function updateOf(world: World, { first, beforeSettling, engineDies = false, ...more }: More = {}): Walked {
  const { place, saved, before } = world
  return {
    prepare: async () => {
      await saved.reset()
      await first?.()
      return crashWorld(place, APPLY, beforeSettling)
    },
    check: async (_world, killedAt) => {
      await place.vendor.registry.start()
      if (engineDies && killedAt !== null && !wasStopped(place)) await place.project.cli("start")
      if (killedAt === null) world.after = await stateOfShop(place.project)
      const now = await expectSettled(place, [before, world.after ?? before])
      expect(world.after?.version).toBe("1.1.0")
      if (killedAt === null) expect(now.version).toBe("1.1.0")
    },
    ...(world.writes === null ? {} : { writes: world.writes }),
    ...more,
  }
}

/** Whether the app was Holdfast's to start, by its journal: it had begun to stop it, and the gate had not let it go yet. */
function wasStopped({ directory }: UpdatePlace): boolean {
  const store = new DatabaseSync(join(directory, "state/store.sqlite"), { readOnly: true })
  try {
    const steps = store.prepare("SELECT name, state FROM step JOIN operation ON operation.id = operation_id WHERE kind = 'update'").all()
    const isLetGo = steps.some(({ name, state }) => name === "gate" && state === "done")
    return !isLetGo && steps.some(({ name }) => name === "stop-writers")
  } finally {
    store.close()
  }
}

function crashWorld({ directory, environment }: UpdatePlace, words: readonly string[], beforeSettling?: () => Promise<void>): CrashWorld {
  return { directory, words, settleWords: ["points", APP], environment, beforeSettling, dispose: async () => await Promise.resolve() }
}

/** SIGKILL at every journaled step of an update, and once more while that is settled. */
export function describeKilled(engine: Engine, app: string): void {
  describeMatrix(`${app}, killed in an update`, () => {
    const at = usePlace(engine)

    it("runs the version before or the new one, healthy, with its own data, and nothing that nobody knows of", async () => {
      const world = at()
      const verb = `update of ${app}`
      const { writes } = await walk(verb, updateOf(world), "all", differs)
      world.writes = writes
      const met = new Set([...stepsIn(writes), ...Object.keys(NOT_TAKEN), ...Object.keys(goBackSteps)])
      expect(Object.keys(updateSteps).filter((step) => !met.has(step))).toEqual([])
    })

    if (!isFullRun)
      it("is settled, also when settling is killed three times", async () => {
        await walkSettling(`update of ${app}`, updateOf(at()), (step) => ["pin", "start"].includes(step))
      })
  })
}

/** SIGKILL at every journaled step of a rollback by hand, and once more while that is settled. */
export function describeRolledBack(engine: Engine, app: string): void {
  describeMatrix(`${app}, killed in a rollback`, () => {
    const at = usePlace(engine)

    it("is rolled back, or by asking once more", async () => {
      const { place, saved, before } = at()
      await saved.reset()
      await place.cli.json(updateOutput, APPLY)
      await place.project.addEntry("since", 1)
      await place.project.waitQuiet()
      const updated = await place.save()
      const check: Walked["check"] = async () => {
        const now = await expectSettled(place, [before, updated.state])
        if (now.version === before.version) return
        expect((await place.cli.run(...ROLL_BACK)).exitCode).toBe(0)
        await expectSettled(place, [before])
      }
      const prepare = async (): Promise<CrashWorld> => {
        await updated.reset()
        return crashWorld(place, ROLL_BACK)
      }
      try {
        const { writes } = await walk(`rollback of ${app}`, { prepare, check }, ROLLBACK_CELLS, differs)
        const met = new Set([...stepsIn(writes), ...Object.keys(NOT_TAKEN)])
        expect(Object.keys(rollBackSteps).filter((step) => !met.has(step))).toEqual([])
      } finally {
        await updated.dispose()
      }
    })
  })
}

/** A version that its gate refuses: what it wrote lies beside, the version before runs. */
export function describeTakenBack(engine: Engine, app: string): void {
  describeMatrix(`${app}, killed while a version that is not well is taken back`, () => {
    const at = usePlace(engine, { refused: true })

    it("runs the version before, healthy, with its own data", async () => {
      const { place, saved, before } = at()
      const prepare = async (): Promise<CrashWorld> => {
        await saved.reset()
        return crashWorld(place, APPLY)
      }
      const check = async (): Promise<void> => void (await expectSettled(place, [before]))
      const matrix = { prepare, check, exitCode: UPDATE_ROLLED_BACK }
      const verb = `update of ${app} that is taken back`
      const full = Object.keys(goBackSteps)
      const { writes } = await walkSteps(verb, matrix, { normal: ["roll-back", "swap-back", "gate-old"], full })
      expect(full.filter((step) => !stepsIn(writes).includes(step))).toEqual([])
      if (isFullRun) await walkSettling(verb, { ...matrix, writes }, (step) => full.includes(step))
    })
  })
}

type WalkTrouble = (what: string, steps: Steps, more: (world: World) => More) => Promise<void>

/** Walks the steps under one trouble after the other; in the end they are one table. */
function useTroubles(app: string, about: string, at: () => World): WalkTrouble {
  const reports = new Map<string, CrashReport>()
  afterAll(() => recordCells(`update of ${app}, ${about}`, reports))
  return async (what, steps, more) => {
    const world = at()
    const report = await walkSteps(`update of ${app}, ${what}`, updateOf(world, more(world)), { normal: steps })
    world.writes = report.writes
    reports.set(what, report)
  }
}

const nothing = async (): Promise<void> => await Promise.resolve()

/** What happens to the engine under an update, or between its kill and the next command. */
export function describeEngineTrouble(engine: Engine, app: string): void {
  describeMatrix(`${app}, updated by an engine that goes wrong`, () => {
    const at = usePlace(engine)
    const walked = useTroubles(app, "the engine", at)
    const restart = async ({ place }: World): Promise<void> => {
      await place.daemon.stop()
      await place.daemon.start()
    }
    it("killed, and the engine restarts before that is settled", async () => {
      const more = (world: World): More => ({ beforeSettling: async () => await restart(world) })
      await walked("and the engine restarts before it is settled", ["start"], more)
    })

    it("whose engine restarts under it", async () => {
      await walked("engine restarted under it", ["stop-writers", "start"], (world) => ({
        trouble: { begin: async () => await restart(world), end: nothing },
      }))
    })

    it("whose engine goes away under it, and is back for the next command", async () => {
      await walked("engine gone under it", ["seal", "stop-writers"], ({ place }) => ({
        trouble: { begin: place.daemon.stop, end: place.daemon.start },
      }))
    })

    it("whose engine is killed under it, and is back for the next command", async () => {
      await walked("engine killed under it", ["pin"], ({ place }) => ({
        engineDies: true,
        trouble: { begin: place.daemon.kill, end: place.daemon.start },
      }))
    })
  })
}

/** A registry that is gone and disks that are full, under an update or between its kill and the next command; and two at once. */
export function describeTroubled(engine: Engine, app: string): void {
  describeMatrix(`${app}, updated on a machine that goes wrong`, () => {
    const at = usePlace(engine)
    const walked = useTroubles(app, "registry and disks", at)

    it("killed, and the registry is gone when that is settled", async () => {
      await walked("and the registry is gone", ["start"], ({ place }) => ({ beforeSettling: place.vendor.registry.stop }))
    })

    it("whose registry goes away under it", async () => {
      await walked("registry gone under it", ["guard", "pin"], ({ place }) => ({
        first: async () => await place.forgetNewImage(),
        trouble: { begin: place.vendor.registry.stop, end: place.vendor.registry.start },
      }))
    })

    const walkedWhenFull = async (what: string, disk: string, size: string, steps: Steps): Promise<void> => {
      const { place, saved } = at()
      await saved.reset()
      const unmount = await smallDisk(place, disk, size)
      try {
        await walked(what, steps, () => ({ trouble: { begin: async () => await fill(disk), end: async () => await empty(disk) } }))
      } finally {
        await place.project.cli("down", "--timeout", "0")
        await unmount()
      }
    }

    it("whose data's disk is full from then on", async () => {
      const disk = await at().place.project.volumePath("data")
      await walkedWhenFull("disk full under it", disk, engine === "sqlite" ? "2m" : "150m", ["prepare", "stop-writers", "pin"])
    })

    it("whose journal, vault and files have no room from then on", async () => {
      await walkedWhenFull("own disk full under it", at().place.directory, "64m", ["prepare", "stop-writers", "start"])
    })

    it("asked for twice at once: one is done, the other is told that it is under way", async () => {
      const { place, saved, after } = at()
      await saved.reset()
      const both = [place.cli.start(...APPLY), place.cli.start(...APPLY)]
      const ended = await Promise.all(both.map(async ({ done }) => (await done).exitCode))
      expect(new Set(ended)).toEqual(new Set([0, catalog.OPERATION_BUSY.exitCode]))
      expect((await place.project.health())?.body.version).toBe("1.1.0")
      await place.project.waitQuiet()
      await expectSettled(place, [after ?? (await stateOfShop(place.project))])
    })
  })
}
