import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import type { Store } from "../../src/operation/ports.ts"
import { highestReleaseSeen, pinnedReleaseKey, recordReleaseKey, recordReleaseSeen } from "../../src/recovery-point/release-marks.ts"
import { syncPoints } from "../../src/recovery-point/sync.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import type { VaultBackend } from "../../src/vault/ports.ts"
import { readLedger } from "../../src/vault/ledger.ts"
import { openVault, type OpenVault } from "../../src/vault/vault.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { context, openPlace, testRestic, type Place } from "./vault-place.ts"

const ctx = context()
const host = { self: () => ({ host: "h", bootId: "b", processId: 1, processStart: "1", command: "test" }), isAlive: () => true }
const of = { product: "chat", channel: "stable" }
const mark = (sequence: number, digit = "a") => ({ ...of, sequence, version: `1.${sequence}.0`, digest: `sha256:${digit.repeat(64)}` })
const key = (digit: string): string => `sha256:${digit.repeat(64)}`

describeNeeding("restic")("the newest release that was seen, and the vendor's key", () => {
  let place: Place
  let backend: VaultBackend

  beforeAll(async () => {
    place = await openPlace("a local path")
    backend = await testRestic(place.directory)
  })
  afterAll(async () => await place.dispose())

  const newStore = async (name: string): Promise<Store> =>
    await openSqliteStore(join(place.directory, `${name}.sqlite`), { host, clock: systemClock })
  const open = async (name: string, store: Store, create = true): Promise<OpenVault> =>
    await openVault({ backend, store }, place.location(name), { create }, ctx)

  it("survive the loss of the store", async () => {
    const store = await newStore("first")
    const vault = await open("kept", store)
    await recordReleaseSeen([vault], store, "chat", mark(7), ctx)
    await recordReleaseKey([vault], store, "chat", { product: "chat", fingerprint: key("1"), replaces: null }, ctx)
    await recordReleaseKey([vault], store, "chat", { product: "chat", fingerprint: key("2"), replaces: key("1") }, ctx)
    const empty = await newStore("second")
    await syncPoints(await open("kept", empty, false), empty, "chat", ctx)

    expect(await highestReleaseSeen([], empty, "chat", of, ctx)).toEqual(mark(7))
    expect(await pinnedReleaseKey(empty, "chat", "chat")).toBe(key("2"))
    expect(await highestReleaseSeen([], empty, "chat", { ...of, channel: "beta" }, ctx)).toBeNull()
    await store.close()
    await empty.close()
  })

  it("are not lowered by an older store that is put back, nor by a vault that missed the last ones", async () => {
    const store = await newStore("third")
    const [near, far] = [await open("near", store), await open("far", store)]
    await recordReleaseSeen([near, far], store, "chat", mark(3), ctx)
    await recordReleaseKey([near, far], store, "chat", { product: "chat", fingerprint: key("1"), replaces: null }, ctx)
    await recordReleaseSeen([near], store, "chat", mark(9, "b"), ctx)
    await recordReleaseKey([near], store, "chat", { product: "chat", fingerprint: key("2"), replaces: key("1") }, ctx)
    await recordReleaseSeen([near, far], store, "chat", mark(4), ctx)
    // The store as it was in between.
    await store.setValue("release-seen:chat:chat:stable", JSON.stringify(mark(3)))
    await store.setValue("release-key:chat:chat", key("1"))

    expect(await highestReleaseSeen([near, far], store, "chat", of, ctx)).toEqual(mark(9, "b"))
    expect(await pinnedReleaseKey(store, "chat", "chat")).toBe(key("2"))
    await store.close()
  })

  it("reach a vault that could not be reached before, and lead it on from the last key that it knows", async () => {
    const store = await newStore("fifth")
    const [near, far] = [await open("near-too", store), await open("far-too", store)]
    await recordReleaseSeen([near, far], store, "chat", mark(3), ctx)
    await recordReleaseKey([near, far], store, "chat", { product: "chat", fingerprint: key("1"), replaces: null }, ctx)
    for (const digit of ["2", "3"]) {
      await recordReleaseKey(
        [near],
        store,
        "chat",
        { product: "chat", fingerprint: key(digit), replaces: await pinnedReleaseKey(store, "chat", "chat") },
        ctx,
      )
    }
    await recordReleaseSeen([near], store, "chat", mark(5), ctx)
    await recordReleaseSeen([near, far], store, "chat", mark(5), ctx)
    await recordReleaseKey([near, far], store, "chat", { product: "chat", fingerprint: key("3"), replaces: key("3") }, ctx)
    const empty = await newStore("sixth")

    expect(await highestReleaseSeen([await open("far-too", empty, false)], empty, "chat", of, ctx)).toEqual(mark(5))
    expect(await pinnedReleaseKey(empty, "chat", "chat")).toBe(key("3"))
    const late = await open("late", store)
    await recordReleaseKey([near, late], store, "chat", { product: "chat", fingerprint: key("3"), replaces: key("3") }, ctx)
    const emptier = await newStore("ninth")
    await highestReleaseSeen([await open("late", emptier, false)], emptier, "chat", of, ctx)
    expect(await pinnedReleaseKey(emptier, "chat", "chat")).toBe(key("3"))
    for (const each of [store, empty, emptier]) await each.close()
  })

  it("are sealed once in each vault, also by a store that knows of them from the vault alone", async () => {
    const store = await newStore("seventh")
    const vault = await open("once", store)
    const entries = async (): Promise<number> => (await readLedger(vault, "release", "chat", ctx)).length
    const seen = async (known: Store): Promise<void> => {
      await highestReleaseSeen([vault], known, "chat", of, ctx)
      await recordReleaseSeen([vault], known, "chat", mark(3), ctx)
      await recordReleaseKey([vault], known, "chat", { product: "chat", fingerprint: key("1"), replaces: null }, ctx)
    }
    await seen(store)
    await seen(store)
    const empty = await newStore("eighth")
    await seen(empty)

    expect(await entries()).toBe(2)
    await store.close()
    await empty.close()
  })
})
