import { describe, expect, it } from "vitest"
import { exampleApp } from "../../../test/fixture/example.ts"
import { ago, DAY_MS, HOUR_MS, NOW, point, proof } from "../../../test/fixture/posture.ts"
import { exampleRelease } from "../../../test/fixture/update.ts"
import { isHoldfastError } from "../../base/errors.ts"
import { nextRelease, refuseDowngrade, refuseFailedBefore, refuseSameImages, requireProven } from "./guard.ts"

function refusalOf(action: () => unknown): { code: string; what: string; why: string | undefined; hint: string } {
  try {
    action()
  } catch (thrown) {
    if (isHoldfastError(thrown)) return { code: thrown.code, what: thrown.message, why: thrown.why, hint: thrown.hint }
    throw thrown
  }
  throw new Error("it was not refused")
}

const app = exampleApp({ objectives: { exposureMs: DAY_MS, recoveryTimeMs: null } })
const prove = (points: Parameters<typeof requireProven>[2]["points"], proofs: Parameters<typeof requireProven>[2]["proofs"], of = app) =>
  requireProven(of, "local", { points, proofs }, NOW)

describe("the proof that an update stands on", () => {
  it("is the newest whole point in its vault that was restored or booted, within the objective", () => {
    const points = [point(1, 20 * HOUR_MS), point(2, 10 * HOUR_MS), point(3, 2 * HOUR_MS)]
    const proofs = [proof("p1", "booted", HOUR_MS), proof("p2", "restored", HOUR_MS), proof("p3", "read", HOUR_MS)]
    expect(prove(points, proofs)).toEqual({ point: "p2", level: "restored", at: ago(HOUR_MS).toISOString() })
    expect(prove([point(1, DAY_MS)], proofs)).toMatchObject({ point: "p1", level: "booted" })
  })

  it("is refused when the newest such point is older than the objective", () => {
    expect(
      refusalOf(() => prove([point(1, DAY_MS + 1), point(2, HOUR_MS)], [proof("p1", "booted", HOUR_MS), proof("p2", "read", 1)])),
    ).toEqual({
      code: "UPDATE_UNPROVEN",
      what: "no point of chat in vault local that is younger than 24 h was proven to restore",
      why: "p1 was, but is 24 h old",
      hint: "Run `holdfast drill chat`, then plan the update again; without a young point run `holdfast backup chat` first.",
    })
  })

  it("is refused when nothing was restored, and names what another vault has", () => {
    const elsewhere = { ...point(7, HOUR_MS), vault: "offsite" }
    const proven = { ...proof("p7", "restored", HOUR_MS), vault: "offsite" }
    expect(refusalOf(() => prove([point(1, HOUR_MS), elsewhere], [proof("p1", "read", 1), proven]))).toMatchObject({
      code: "UPDATE_UNPROVEN",
      why: "its only point there was not restored for real; vault offsite holds p7, which counts for an update with --vault offsite",
    })
    expect(refusalOf(() => prove([], []))).toMatchObject({
      why: "there is no whole point of it there",
      hint: "Run `holdfast backup chat` and `holdfast drill chat`, then plan the update again.",
    })
  })

  it("may be a week old where no objective is set", () => {
    const free = exampleApp()
    expect(prove([point(1, 7 * DAY_MS)], [proof("p1", "restored", 1)], free)).toMatchObject({ point: "p1" })
    expect(refusalOf(() => prove([point(1, 7 * DAY_MS + 1)], [proof("p1", "restored", 1)], free)).code).toBe("UPDATE_UNPROVEN")
  })

  it("is none of a point that is damaged or not whole", () => {
    const proofs = [proof("p1", "restored", 1)]
    expect(refusalOf(() => prove([point(1, HOUR_MS, { damaged: true })], proofs)).code).toBe("UPDATE_UNPROVEN")
    expect(refusalOf(() => prove([point(1, HOUR_MS, { parts: [] })], proofs)).code).toBe("UPDATE_UNPROVEN")
  })
})

describe("the release that is next", () => {
  it("is the first on the way, or the one that is meant", () => {
    const hops = [exampleRelease("1.1.0"), exampleRelease("1.2.0"), exampleRelease("2.0.0")]
    const found = { running: "1.0.0", hops, lookedAt: NOW, notices: [] }
    expect(nextRelease("chat", found)).toEqual({ release: hops[0], hopsAfter: ["1.2.0", "2.0.0"] })
    expect(nextRelease("chat", exampleRelease())).toEqual({ release: exampleRelease(), hopsAfter: [] })
    expect(refusalOf(() => nextRelease("chat", { ...found, hops: [] }))).toMatchObject({
      code: "UPDATE_NOTHING_NEWER",
      what: "there is nothing newer for chat",
      why: "it runs 1.0.0",
    })
  })

  it("is never an older version; what cannot be compared is let through", () => {
    expect(refusalOf(() => refuseDowngrade("0.10.0", { version: "0.9.0" }))).toEqual({
      code: "UPDATE_DOWNGRADE",
      what: "0.9.0 is older than 0.10.0, which runs now",
      why: "an older program may not read what a newer one has migrated",
      hint: "Nothing was changed. To go back, run `holdfast update rollback` within its window, or restore a point with `holdfast restore POINT --with images`.",
    })
    for (const running of ["0.9.0", "0.8.0", "main", null]) expect(() => refuseDowngrade(running, { version: "0.9.0" })).not.toThrow()
  })

  it("is refused where every container of every service runs its images already", () => {
    const release = exampleRelease()
    const runs = (...digests: readonly string[]) => digests.map((digest) => ({ service: "web", repositoryDigests: [`x@${digest}`] }))
    const { digest } = release.images["web"] ?? { digest: "" }
    expect(refusalOf(() => refuseSameImages("chat", release, runs(digest, digest)))).toMatchObject({
      code: "UPDATE_NOTHING_NEWER",
      why: "it runs the images of 1.1.0 already",
    })
    for (const states of [runs(digest, "sha256:other"), runs("sha256:other"), []]) {
      expect(() => refuseSameImages("chat", release, states)).not.toThrow()
    }
  })

  it("is refused when it failed here, unless somebody wants it once more", () => {
    const release = exampleRelease()
    const failed = { at: new Date("2026-06-06T03:30:00Z"), how: "update", why: "worker restarts" } as const
    expect(refusalOf(() => refuseFailedBefore("chat", failed, release, false))).toEqual({
      code: "UPDATE_FAILED_BEFORE",
      what: "1.1.0 was rolled back here on 2026-06-06T03:30:00.000Z",
      why: "worker restarts",
      hint: "Nothing was changed. Wait for the next release, or run `holdfast update apply chat --again` after the cause is gone.",
    })
    expect(() => refuseFailedBefore("chat", failed, release, true)).not.toThrow()
    expect(() => refuseFailedBefore("chat", null, release, false)).not.toThrow()
  })
})
