import { describe, expect, it } from "vitest"
import { thereSince, type OfferedTag } from "./tag-age.ts"

const place = { app: "chat", repository: "registry.example/chat/server" }
const day = (number: number): Date => new Date(Date.UTC(2026, 3, number))
const offered = (more: Partial<OfferedTag> = {}): OfferedTag => ({ tag: "1.1.0", digest: "sha256:a", created: day(1), ...more })

function memory(): { value(key: string): Promise<string | null>; setValue(key: string, value: string): Promise<void> } {
  const values = new Map<string, string>()
  return {
    value: async (key) => await Promise.resolve(values.get(key) ?? null),
    setValue: async (key, value) => void (await Promise.resolve(values.set(key, value))),
  }
}

describe("the time since which a tag is there", () => {
  it("is when it was first seen, whatever early time its image bears", async () => {
    const store = memory()

    expect(await thereSince(store, place, offered(), day(10))).toEqual(day(10))
    expect(await thereSince(store, place, offered(), day(12))).toEqual(day(10))
    expect(await thereSince(store, place, offered({ created: null }), day(12))).toEqual(day(10))
  })

  it("is the image's own time where that is later", async () => {
    expect(await thereSince(memory(), place, offered({ created: day(20) }), day(10))).toEqual(day(20))
  })

  it("begins anew for a tag that was moved to another image, and for each tag and repository", async () => {
    const store = memory()
    await thereSince(store, place, offered(), day(10))

    expect(await thereSince(store, place, offered({ digest: "sha256:b" }), day(12))).toEqual(day(12))
    expect(await thereSince(store, place, offered({ tag: "1.2.0" }), day(13))).toEqual(day(13))
    expect(await thereSince(store, { ...place, repository: "other" }, offered(), day(14))).toEqual(day(14))
    expect(await thereSince(store, place, offered({ digest: "sha256:b" }), day(15))).toEqual(day(12))
  })
})
