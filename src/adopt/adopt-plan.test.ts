import { describe, expect, it } from "vitest"
import { sha256 } from "../base/canonical-json.ts"
import { adoptPlanToJson, type AdoptPlan } from "./adopt-plan.ts"

const before = 'services: { chat: { environment: { DB_PASSWORD: "hunter2" } } }\n'
const after = 'services: { chat: { environment: { DB_PASSWORD: "hunter2", UPDATE_CHANNEL: stable } } }\n'

const plan: AdoptPlan = {
  app: "chat",
  vault: "local",
  target: "vendor",
  startingPoint: "not-defined",
  managed: null,
  running: "1.0.0",
  release: {
    version: "1.1.0",
    foundIn: "given",
    images: {},
    preFlight: null,
    migrate: null,
    schemaVersion: null,
    notes: "",
    signed: null,
  },
  checks: [{ name: "health", expected: "the app is well now", found: "it is well", good: true }],
  secrets: [
    { name: "updater_token", path: "/s/updater_token", act: "make", make: "random-hex-32", mode: 0o644, before: null, writes: null },
  ],
  vendorKey: null,
  edits: [{ path: "/srv/chat/compose.yml", before, after }],
  settingsFile: null,
  wanted: {},
  pulls: [],
  tags: [],
  beside: [],
  anew: ["chat"],
  warnings: [],
}

describe("what is journaled of the plan of an adoption", () => {
  it("names each file by what it was and will be, without a line of it, for a line may hold a password", () => {
    const json = adoptPlanToJson(plan)
    expect(json["edits"]).toEqual([{ path: "/srv/chat/compose.yml", before: sha256(before), after: sha256(after) }])
    expect(JSON.stringify(json)).not.toContain("hunter2")
  })
})
