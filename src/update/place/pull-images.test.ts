import { describe, expect, it } from "vitest"
import { exampleRelease } from "../../../test/fixture/update.ts"
import { letOwedGo, letPulledGo, pulledNames } from "../../app/pulled-names.ts"
import type { ContainerEngine } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import { systemClock } from "../../base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../../base/run-context.ts"
import { pullReleaseImages } from "./pull-images.ts"

const ctx: RunContext = {
  operationId: "op-1",
  signal: new AbortController().signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
}

/** An engine that has every image already, and tells what was asked of it. */
function engine(refusal: HoldfastError | null = null) {
  const names = new Set(["holdfast-pulled:op-2-0123456789ab", "holdfast-pulled:by-hand"])
  const asked: string[] = []
  const containers: Pick<ContainerEngine, "imagePresent" | "pullImage" | "tagImage" | "untagImage" | "imageNames"> = {
    imagePresent: async () => await Promise.resolve(true),
    pullImage: async (reference) => {
      asked.push(reference)
      if (refusal !== null) throw refusal
      return await Promise.resolve({ imageId: "sha256:id" })
    },
    tagImage: async (_image, name) => void names.add(await Promise.resolve(name)),
    untagImage: async (name) => void names.delete(await Promise.resolve(name)),
    imageNames: async () => await Promise.resolve([...names]),
  }
  return { containers, asked, names }
}

describe("the images of a release", () => {
  it("are each checked, also one that is here already: it may be made for another machine", async () => {
    const refusal = new HoldfastError("IMAGE_PLATFORM_MISSING", { what: "it is made for linux/s390x" })
    const { containers, asked } = engine(refusal)
    await expect(pullReleaseImages({ containers }, exampleRelease(), ctx)).rejects.toBe(refusal)
    expect(asked).toHaveLength(1)
  })

  it("have a name of the operation until it lets them go, and nobody else's name goes with it", async () => {
    const { containers, names } = engine()
    await pullReleaseImages({ containers }, exampleRelease(), ctx)
    expect(await pulledNames(containers, ctx)).toEqual([
      { operationId: "op-2", name: "holdfast-pulled:op-2-0123456789ab" },
      { operationId: "op-1", name: expect.stringMatching(/^holdfast-pulled:op-1-[0-9a-f]{12}$/) },
    ])
    await letPulledGo({ containers, store: notes() }, "op-1", ctx)
    expect([...names]).toEqual(["holdfast-pulled:op-2-0123456789ab", "holdfast-pulled:by-hand"])
  })

  it("keep their names while the engine is away, which is said, and lose them by the first later command that reaches it", async () => {
    const { containers, names } = engine()
    const warnings: string[] = []
    const said = { ...ctx, progress: { ...silentProgress, warn: (text: string) => void warnings.push(text) } }
    let isAway = true
    let asked = 0
    const imageNames = async (): Promise<readonly string[]> => {
      asked += 1
      if (isAway) throw new HoldfastError("ENGINE_UNREACHABLE", { what: "the Docker engine does not answer", why: "EPIPE" })
      return await Promise.resolve([...names])
    }
    const tools = { containers: { ...containers, imageNames }, store: notes() }
    const later = async (): Promise<void> => await letOwedGo(tools.store, async () => await Promise.resolve(tools.containers), said)

    await letPulledGo(tools, "op-2", said)
    expect(warnings).toEqual(["a name that pulled images had is taken away by a later command: EPIPE"])
    await later()
    expect(names.size).toBe(2)
    isAway = false
    await later()
    expect([...names]).toEqual(["holdfast-pulled:by-hand"])

    const before = asked
    await later()
    expect(asked).toBe(before)
  })
})

/** What is noted beside operations, in memory. */
function notes() {
  const values = new Map<string, string>()
  return {
    value: async (key: string) => await Promise.resolve(values.get(key) ?? null),
    setValue: async (key: string, content: string) => void values.set(key, await Promise.resolve(content)),
  }
}
