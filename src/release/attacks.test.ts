import { describe, expect, it } from "vitest"
import { attackFile, attackTable, type Attack } from "../../test/fixture/release-attacks/table.ts"
import { exampleRules } from "../../test/fixture/release.ts"
import { isHoldfastError } from "../base/errors.ts"
import { pinKey, readPublicKey, type PinnedKey } from "./public-key.ts"
import { trustRelease } from "./trust.ts"

const table = attackTable()
const pinned = readPublicKey(attackFile("keys/pinned.pub").toString("utf8"))
const key = pinKey(pinned, pinned.fingerprint)

async function outcome(attempt: () => unknown): Promise<string> {
  try {
    await attempt()
    return "accepted"
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown.code
    throw thrown
  }
}

async function trust(attack: Attack, by: PinnedKey): Promise<unknown> {
  const signature = attack.signature === null ? null : { kind: attack.kind, content: attackFile(attack.signature) }
  const { highestSeen = null } = attack.rules
  return await trustRelease(attackFile(attack.document), signature, exampleRules(by, { highestSeen }))
}

describe("a release that was tampered with", () => {
  it.each(table.attacks)("$name comes to $expected: $why", async (attack) => {
    expect(await outcome(async () => await trust(attack, key))).toBe(attack.expected)
  })

  it("is never accepted by another key than the pinned one, whatever it is", async () => {
    const other = readPublicKey(attackFile("keys/other.pub").toString("utf8"))
    const outcomes = table.attacks
      .filter((attack) => !attack.name.endsWith("other-key"))
      .map(async (attack) => await outcome(async () => await trust(attack, pinKey(other, other.fingerprint))))

    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["RELEASE_SIGNATURE_INVALID", "RELEASE_SIGNATURE_MISSING"]))
  })
})

describe("a file in the place of the pinned key", () => {
  it.each(table.keys)("$name comes to $expected: $why", async ({ file, expected }) => {
    expect(await outcome(() => pinKey(readPublicKey(attackFile(file).toString("utf8")), pinned.fingerprint))).toBe(expected)
  })
})
