import { describe, expect, it } from "vitest"
import { bodyOf, draftOf, newDraft, USUAL_KEEP } from "./draft.ts"

const stored = draftOf({
  name: "nightly",
  kind: "backup",
  cron: "0 3 * * *",
  timezone: "Europe/Berlin",
  enabled: true,
  vault: "local",
  copies: ["offsite"],
  keep: { last: 5 },
  cold: false,
  only: null,
  onChange: false,
  level: null,
  notify: null,
})

describe("what a schedule form sends", () => {
  it("is only what was changed, so that the rest of the file stays as it was written", () => {
    expect(bodyOf({ ...stored, cron: "0 4 * * *" }, stored)).toEqual({ kind: "backup", cron: "0 4 * * *" })
  })

  it("takes out what was emptied", () => {
    expect(bodyOf({ ...stored, vault: "", ownKeep: false }, stored)).toEqual({ kind: "backup", cron: "0 3 * * *", vault: null, keep: null })
  })

  it("names for a new backup what it keeps, and nothing that a drill has", () => {
    expect(bodyOf(newDraft("backup", "UTC"), null)).toEqual({
      kind: "backup",
      cron: "0 3 * * *",
      timezone: "UTC",
      enabled: true,
      copies: [],
      keep: USUAL_KEEP,
      cold: false,
    })
  })

  it("names who is told when that was changed, and takes them out when the last one is gone", () => {
    const told = {
      ...stored,
      notify: { ...stored.notify, emails: "ops@example.com", webhooks: "https://a.example.com\nhttps://b.example.com" },
    }
    expect(bodyOf(told, stored).notify).toEqual({
      emails: "ops@example.com",
      webhooks: ["https://a.example.com", "https://b.example.com"],
      ntfy: [],
      ping: null,
      onSuccess: false,
    })
    expect(bodyOf(told, told)).not.toHaveProperty("notify")
    expect(bodyOf(stored, told)).toMatchObject({ notify: null })
  })

  it("names for a new drill its level, and nothing that a backup has", () => {
    expect(bodyOf(newDraft("drill", "UTC"), null)).toEqual({
      kind: "drill",
      cron: "0 4 1 * *",
      timezone: "UTC",
      enabled: true,
      level: "restored",
    })
  })
})
