import { describe, expect, it } from "vitest"
import { putMember, removeMember } from "./edit-member.ts"

const FILE = `# ours
vaults:
  local: { path: /v } # near
apps:
  chat:
    # the nights
    schedules:
      nightly: { cron: "0 3 * * *", copies: [offsite] } # when all sleep
      weekly:
        cron: weekly # sundays
        keep:
          last: 3
    secrets: [ ./a ]
  notes: {}
`

describe("putting a member into a settings file", () => {
  it("changes one value in a flow mapping and not another byte", () => {
    const edited = putMember(FILE, ["apps", "chat", "schedules", "nightly"], { cron: "30 4 * * *", copies: ["offsite"] })
    expect(edited).toBe(FILE.replace("0 3 * * *", "30 4 * * *"))
  })

  it("adds a member to a block mapping and keeps the comments between", () => {
    const edited = putMember(FILE, ["apps", "chat", "schedules", "weekly"], { cron: "weekly", keep: { last: 3, daily: 7 }, enabled: false })
    expect(edited).toContain(
      "        cron: weekly # sundays\n        keep:\n          last: 3\n          daily: 7\n        enabled: false\n    secrets:",
    )
  })

  it("adds a schedule behind the last one", () => {
    const edited = putMember(FILE, ["apps", "chat", "schedules", "hourly"], { cron: "hourly", timezone: "Europe/Berlin" })
    expect(edited).toContain("          last: 3\n      hourly: { cron: hourly, timezone: Europe/Berlin }\n    secrets:")
  })

  it("makes the section where there is none", () => {
    const edited = putMember(FILE, ["apps", "notes", "schedules", "nightly"], { cron: "0 3 * * *" })
    expect(edited).toContain(`  notes: { schedules: { nightly: { cron: "0 3 * * *" } } }\n`)
  })

  it("takes a block as it is written, with its comments", () => {
    const edited = putMember(
      FILE,
      ["apps", "wiki"],
      { compose: "/srv/wiki", images: "never" },
      "compose: /srv/wiki\n# no images\nimages: never\n",
    )
    expect(edited).toContain("  notes: {}\n  wiki:\n    compose: /srv/wiki\n    # no images\n    images: never\n")
  })

  it("takes a block into an empty section", () => {
    const edited = putMember("vaults: {}\napps: {} # none yet\n", ["apps", "wiki"], { images: "never" }, "images: never")
    expect(edited).toBe("vaults: {}\napps: # none yet\n  wiki:\n    images: never\n")
  })

  it("refuses what would lose a comment", () => {
    const text = "apps:\n  chat:\n    secrets:\n      - ./a # important\n      - ./b\n"
    expect(() => putMember(text, ["apps", "chat", "secrets"], ["./c"])).toThrow(/cannot change apps.chat.secrets in place/)
  })
})

describe("taking a member out", () => {
  it("removes the line and no other", () => {
    const edited = removeMember(FILE, ["apps", "chat", "schedules", "nightly"])
    expect(edited).toBe(FILE.replace(/ {6}nightly.*\n/, ""))
  })

  it("removes a block", () => {
    expect(removeMember(FILE, ["apps", "chat", "schedules", "weekly"])).toBe(FILE.replace(/ {6}weekly[\s\S]*last: 3\n/, ""))
  })

  it("removes a section that would be left empty", () => {
    const once = removeMember(FILE, ["apps", "chat", "schedules", "weekly"])
    expect(removeMember(once, ["apps", "chat", "schedules", "nightly"])).not.toContain("schedules")
  })

  it("removes from a flow mapping, first or last", () => {
    expect(removeMember("a: { b: 1, c: 2 }\n", ["a", "b"], 9)).toBe("a: { c: 2 }\n")
    expect(removeMember("a: { b: 1, c: 2 }\n", ["a", "c"], 9)).toBe("a: { b: 1 }\n")
  })
})
