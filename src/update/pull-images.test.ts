import { describe, expect, it } from "vitest"
import { exampleRelease } from "../../test/fixture/update.ts"
import { letPulledGo, pulledNames } from "../app/pulled-names.ts"
import type { ContainerEngine } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import { systemClock } from "../base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../base/run-context.ts"
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
    await letPulledGo(containers, "op-1", ctx)
    expect([...names]).toEqual(["holdfast-pulled:op-2-0123456789ab", "holdfast-pulled:by-hand"])
  })

  /** An engine that is away until so many questions were asked, and a clock that only goes on by sleeping. */
  function away(questions: number) {
    const { containers, names } = engine()
    let asked = 0
    let nowMs = 0
    const warnings: string[] = []
    const sleep = async (ms: number): Promise<void> => await Promise.resolve(void (nowMs += ms))
    return {
      names,
      warnings,
      nowMs: () => nowMs,
      containers: {
        ...containers,
        imageNames: async () => {
          asked += 1
          if (asked <= questions) throw new HoldfastError("ENGINE_UNREACHABLE", { what: "the Docker engine does not answer", why: "EPIPE" })
          return await Promise.resolve([...names])
        },
      },
      ctx: {
        ...ctx,
        clock: { ...systemClock, monotonicMs: () => nowMs, sleep },
        progress: { ...silentProgress, warn: (text: string) => void warnings.push(text) },
      },
    }
  }

  it("lose their names also when the engine is started anew just then", async () => {
    const { containers, names, warnings, ctx: waiting } = away(3)
    await letPulledGo(containers, "op-2", waiting)
    expect([...names]).toEqual(["holdfast-pulled:by-hand"])
    expect(warnings).toEqual([])
  })

  it("keep them when the engine stays away, which is said after 15 s, or at once to who was asked to end", async () => {
    const { containers, names, warnings, nowMs, ctx: waiting } = away(Infinity)
    await letPulledGo(containers, "op-2", waiting)
    expect(nowMs()).toBe(15_000)
    await letPulledGo(containers, "op-2", { ...waiting, signal: AbortSignal.abort() })
    expect(nowMs()).toBe(15_000)
    expect(names.size).toBe(2)
    expect(warnings).toEqual(Array.from({ length: 2 }, () => "a name that pulled images had was not taken away: EPIPE"))
  })
})
