import { describe, expect, it } from "vitest"
import { exampleApp, exampleRecipe } from "../../../test/fixture/example.ts"
import { exampleModel, exampleService } from "../../../test/fixture/example-services.ts"
import { exampleRehearsal, exampleRelease } from "../../../test/fixture/update.ts"
import { planWarnings, type WarningFacts } from "./plan-warnings.ts"

const health = { url: "http://127.0.0.1/", command: null, expect: {}, versionKey: "version", timeoutMs: 1 }
const compose = { files: [], projectDirectory: "/srv", projectName: "p", profiles: [] }
const unchanged = exampleRehearsal({ schema: { ...exampleRehearsal().schema, to: "1" } })
const rules = exampleRules()

function exampleRules(): WarningFacts["rules"] {
  return {
    source: "manifest",
    url: null,
    channel: "stable",
    product: "chat",
    keyFile: null,
    keyDigest: null,
    services: null,
    repositories: [],
    versions: null,
    tagPattern: null,
    branch: null,
    minimumAgeMs: 0,
    window: null,
    timezone: "UTC",
    automatic: false,
    rollbackWindowMs: 1,
    stabilityMs: 1,
    timeoutMs: 1,
    expectVersion: true,
    credentialsFile: null,
    tokenFile: null,
  }
}

function running(reported: string | null, hasHealthCheck = false): WarningFacts["running"] {
  return { model: exampleModel([exampleService("web", { hasHealthCheck })]), states: [], reported }
}

function warn(more: Partial<WarningFacts> = {}): readonly string[] {
  return planWarnings({
    app: exampleApp({ compose, health }),
    rules,
    release: exampleRelease(),
    running: running("1.0.0"),
    version: "1.0.0",
    databases: [{ name: "main", way: "clone", why: "", sizeBytes: 1 }],
    rehearsal: unchanged,
    standstill: { services: [], graceSeconds: 1, byCommand: false, rested: [] },
    missing: [],
    untold: [],
    unseen: [],
    unrehearsed: null,
    failure: null,
    drift: [],
    unnamed: [],
    ...more,
  })
}

describe("what a person should know of an update", () => {
  it("is nothing where everything was rehearsed, can be copied and is told", () => {
    expect(warn()).toEqual([])
    expect(warn({ standstill: { services: [], graceSeconds: 1, byCommand: false, rested: ["seldom"] } })).toEqual([])
  })

  it.each<[string, Partial<WarningFacts>, string]>([
    [
      "a program outside compose",
      { app: exampleApp({ health }) },
      "the rehearsal runs the commands of the new version on a copy of the data; the program itself is started for the first time when it goes live",
    ],
    [
      "a rehearsal without services that no sandbox can have",
      { app: exampleApp({ health, compose, copiesWithout: ["watch", "web", "gone"] }) },
      "the rehearsal does without web, as the settings say",
    ],
    ["no rehearsal", { rehearsal: null }, "1.1.0 was not rehearsed here yet: that is done before anything is stopped"],
    [
      "one image to pull",
      { rehearsal: null, missing: ["a"] },
      "1.1.0 was not rehearsed here yet: that is done before anything is stopped; one image is pulled first",
    ],
    [
      "images to pull",
      { rehearsal: null, missing: ["a", "b"] },
      "1.1.0 was not rehearsed here yet: that is done before anything is stopped; 2 images are pulled first",
    ],
    [
      "no health check at all",
      { app: exampleApp({ compose }) },
      "nothing tells whether the app is well: only that its containers run and do not restart is looked at",
    ],
    [
      "builds that report an old version",
      { rules: { ...rules, expectVersion: false } },
      "its builds may report an old version: which version answers is not judged",
    ],
    ["an app that tells no version", { running: running(null) }, "the app does not tell its version: which version answers is not judged"],
    [
      "a database that cannot be copied",
      { databases: [{ name: "main", way: "cold-point", why: "role chat may not create databases", sizeBytes: 1 }] },
      "database main cannot be copied beside itself (role chat may not create databases): it is captured while the app stands still, and a rollback restores it, which takes longer",
    ],
    [
      "a database that can only be emptied and filled again",
      { databases: [{ name: "main", way: "refill", why: "role chat may not create databases", sizeBytes: 1 }] },
      "database main cannot be copied beside itself (role chat may not create databases): it is captured while the app stands still, and a rollback empties it and fills it from that point, which takes longer; what the new version has written by then is not kept beside",
    ],
    [
      "a service at rest",
      { standstill: { services: [], graceSeconds: 1, byCommand: false, rested: ["web"] } },
      "web does not run now and is not expected to run afterwards",
    ],
    [
      "a server of unknown version",
      { untold: ["db"] },
      "which version of PostgreSQL the new image of db holds can only be told once it is here; another major version ends the update",
    ],
    ["a server elsewhere", { unseen: ["main"] }, "whether there is room for a copy of database main cannot be seen from here"],
    [
      "accepted drift",
      { drift: ["The service web has a container, and no compose file declares it."] },
      "The service web has a container, and no compose file declares it. That is accepted: what the update makes anew is made as the files say, and so is what a rollback brings back.",
    ],
    [
      "a failure before",
      { failure: { at: new Date("2026-06-06T03:30:00Z"), how: "update", why: "worker restarts" } },
      "1.1.0 was rolled back here on 2026-06-06T03:30:00.000Z (worker restarts); it is tried again because somebody says so",
    ],
  ])("is said of %s", (_what, facts, warning) => {
    expect(warn(facts)).toEqual([warning])
  })

  it("is, without a rehearsal, whatever is not proven then", () => {
    const command = (word: string) => ({ service: "web", argv: ["app", word] as const })
    const release = exampleRelease("1.1.0", { preFlight: command("check"), migrate: command("migrate") })
    expect(warn({ rehearsal: null, unrehearsed: "it needs the USB dongle", release }).slice(0, 3)).toEqual([
      "it is not rehearsed, because somebody said: it needs the USB dongle",
      "not proven: that 1.1.0 starts and stays well with this data, that its migration succeeds on it, and how long it takes; what goes wrong is seen on the live app, which is then taken back by itself",
      "its pre-flight (app check) is not run: it runs in rehearsals alone",
    ])
    expect(warn({ rehearsal: null, unrehearsed: "it needs the USB dongle" })).toHaveLength(2)
  })

  it("is said of a schema that changes, with what it removes, or that may change", () => {
    const text =
      "whether the old version could read what the new one migrates is not known: a rollback takes the data back to the moment of the update"
    const schema = { ...unchanged.schema, tablesRemoved: ["public.old"], columnsRemoved: ["public.users.nick"] }
    expect(warn({ rehearsal: { ...unchanged, schema } })).toEqual([`${text}; it removes public.old, public.users.nick`])
    expect(warn({ rehearsal: exampleRehearsal() })).toEqual([text])
    expect(warn({ rehearsal: null, release: exampleRelease("1.1.0", { migrate: { service: "web", argv: ["m"] } }) })).toContain(text)
    expect(warn({ rehearsal: null, app: exampleApp({ compose, health, recipe: exampleRecipe({ migratesAtStart: true }) }) })).toContain(
      text,
    )
  })

  it("is told of data that a rollback would not take back", () => {
    expect(warn({ unnamed: ["volume chat_media"] })).toEqual([
      "no point holds volume chat_media, for the settings do not name it: a rollback does not take it back",
    ])
    expect(warn({ unnamed: ["volume chat_media", "/srv/x"] })).toEqual([
      "no point holds volume chat_media, /srv/x, for the settings do not name them: a rollback does not take them back",
    ])
  })

  it("is content with a health check of compose alone, which tells no version", () => {
    expect(warn({ app: exampleApp({ compose }), running: running(null, true) })).toEqual([
      "the app does not tell its version: which version answers is not judged",
    ])
  })
})
