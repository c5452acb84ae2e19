import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { chainOfHops, type Reachable } from "./hops.ts"

const release = (version: string, upgradesFrom: string | null): Reachable => ({ version, upgradesFrom })
const chain = (running: string, target: Reachable, between: readonly Reachable[], yanked: readonly string[] = []): readonly string[] =>
  chainOfHops(running, target, between, yanked).map(({ version }) => version)

describe("the way to a release", () => {
  it("is one step when the release accepts what runs, and none when it runs already or is older", () => {
    expect(chain("1.2.0", release("1.4.0", "1.2.0"), [release("1.3.0", null)])).toEqual(["1.4.0"])
    expect(chain("1.4.0", release("1.4.0", null), [])).toEqual([])
    expect(chain("v1.4", release("1.4.0", null), [])).toEqual([])
    expect(chain("2.0.0", release("1.4.0", null), [release("1.3.0", null)])).toEqual([])
  })

  it("goes over the versions that it must, each as far as it can", () => {
    const between = [release("1.9.0", "1.0.0"), release("1.10.0", "1.0.0"), release("2.0.0", "1.10.0"), release("2.1.0", "1.10.0")]

    expect(chain("1.0.0", release("3.0.0", "2.0.0"), between)).toEqual(["1.10.0", "2.1.0", "3.0.0"])
  })

  it("leaves out what was withdrawn, and what is later than the target", () => {
    const between = [release("1.9.0", "1.0.0"), release("1.10.0", "1.0.0"), release("4.0.0", null)]

    expect(chain("1.0.0", release("2.0.0", "1.9.0"), between, ["1.10.0"])).toEqual(["1.9.0", "2.0.0"])
    expect(() => chain("1.0.0", release("2.0.0", "1.9.0"), between, ["1.9.0", "1.10.0"])).toThrow("no release leads from 1.0.0 to 2.0.0")
  })

  it("says which version would be needed where there is none", () => {
    const attempt = (): unknown => chain("0.5.0", release("3.0.0", "2.0.0"), [release("2.0.0", "1.5.0"), release("2.5.0", "1.0.0")])

    expect(attempt).toThrow(
      expect.objectContaining({ code: "RELEASE_NO_PATH", why: "after 0.5.0, the lowest version that is accepted is 1.0.0" }),
    )
    expect(() => chain("latest", release("1.0.0", null), [])).toThrow(
      expect.objectContaining({ code: "RELEASE_NO_PATH", message: "latest and 1.0.0 cannot be compared", why: "one is no version" }),
    )
  })

  it("says nothing of what releases before the running one accepted", () => {
    const attempt = (): unknown => chain("1.0.0", release("3.0.0", "2.0.0"), [release("0.9.0", "0.1.0")])

    expect(attempt).toThrow(expect.objectContaining({ why: "after 1.0.0, the lowest version that is accepted is 2.0.0" }))
  })

  it("is never longer than the shortest that a search finds, and is found whenever there is one", () => {
    const version = fc.integer({ min: 1, max: 12 })
    const between = fc.uniqueArray(fc.tuple(version, fc.integer({ min: 0, max: 11 })), { selector: ([number]) => number, maxLength: 10 })
    fc.assert(
      fc.property(version, between, fc.integer({ min: 0, max: 11 }), (running, releases, from) => {
        const all = releases.map(([number, lowest]) => release(`${number}.0.0`, `${Math.min(lowest, number - 1)}.0.0`))
        const target = release("13.0.0", `${from}.0.0`)
        const shortest = search(running, [...all, target])
        if (shortest === null) {
          expect(() => chain(`${running}.0.0`, target, all)).toThrow()
          return
        }
        const found = chainOfHops(`${running}.0.0`, target, all, [])

        expect(found).toHaveLength(shortest)
        expect(found.at(-1)).toBe(target)
        let at = running
        for (const step of found) {
          expect(major(step.upgradesFrom ?? "0")).toBeLessThanOrEqual(at)
          expect(major(step.version)).toBeGreaterThan(at)
          at = major(step.version)
        }
      }),
    )
  })
})

function major(version: string): number {
  return Number(version.split(".")[0])
}

/** Steps of the shortest way to 13, tried one after the other. */
function search(running: number, releases: readonly Reachable[]): number | null {
  let reached = new Set([running])
  for (let steps = 0; steps < 20; steps += 1) {
    if (reached.has(13)) return steps
    const next = new Set(reached)
    for (const at of reached) {
      for (const one of releases) if (major(one.version) > at && major(one.upgradesFrom ?? "0") <= at) next.add(major(one.version))
    }
    reached = next
  }
  return null
}
