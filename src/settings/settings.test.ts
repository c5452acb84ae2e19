import { readFileSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Ajv2020 } from "ajv/dist/2020.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { HoldfastError } from "../base/errors.ts"
import { loadRecipes } from "../app/load-recipes.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { editValue } from "./edit.ts"
import { settingsFromEnvironment } from "./environment.ts"
import { findSettingsFile } from "./find.ts"
import { settingsJsonSchema, settingsJsonSchemaText } from "./json-schema.ts"
import { parseSettings } from "./parse.ts"
import { DEFAULT_KEEP, resolveApp } from "./resolve.ts"
import { loadSettings } from "./settings.ts"
import { vaultLocation } from "./vault-location.ts"

const root = join(import.meta.dirname, "../..")
const recipes = loadRecipes(join(root, "recipes"))

/** The example of design §4, with a whole digest where the text shortens it. */
const EXAMPLE = `vaults:
  local:   { path: /var/backups/holdfast }
  offsite: { url: "s3:https://s3.example.com/acme", credentials: ./offsite.env, appendOnly: true,
             keep: { daily: 30, monthly: 24 } }     # each vault has its own
apps:
  chat:
    recipe: chatalot                       # supplies whatever is not said here
    compose: ./docker-compose.yml
    databases:
      main: { postgres: { service: postgres, database: chatalot, user: chatalot } }
    files:   { uploads: { volume: file_storage, exclude: ["*.tmp-*"] } }
    images:  auto
    secrets: [ ./secrets, ./.env ]
    health:  { url: "http://127.0.0.1:8080/api/health", expect: { status: ok }, version: version }
    schedules:
      nightly: { cron: "0 3 * * *", timezone: America/New_York, vault: local, copies: [offsite],
                 keep: { last: 3, daily: 7, weekly: 4, monthly: 12 }, notify: { emails: [ops@example.com], onSuccess: false } }
    drills:  { monthly: { cron: "0 4 1 * *", level: booted } }
    objectives: { exposure: 24h, recoveryTime: 30m }
    updates: { source: manifest, url: "https://updates.example.com/chatalot", channel: stable, key: ./secrets/cosign_pub,
               keyDigest: "sha256:${"f1".repeat(32)}", window: "Sun 03:00-05:00", automatic: false }
`

function problemsOf(text: string): readonly string[] {
  try {
    parseSettings(text, "h.yaml")
    return []
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown
    expect(thrown.code).toBe("SETTINGS_INVALID")
    return (thrown.why ?? "").split("\n")
  }
}

/** A file whose one app has this line. */
function withLine(line: string): string {
  return `vaults: { local: { path: /v } }\napps:\n  a:\n    secrets: [./s]\n    ${line}\n`
}

describe("the settings file", () => {
  it("takes the whole example of the design, and so does the published JSON Schema", () => {
    expect(problemsOf(EXAMPLE)).toEqual([])
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(settingsJsonSchema())
    expect(validate(parse(EXAMPLE)), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ vaults: {}, apps: {}, nonsense: 1 })).toBe(false)
  })

  it("has its current JSON Schema committed", () => {
    expect(readFileSync(join(root, "holdfast.schema.json"), "utf8"), "write it again from settingsJsonSchemaText()").toBe(
      settingsJsonSchemaText(),
    )
  })

  it("describes every key in the JSON Schema", () => {
    const undescribed: string[] = []
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== "object" || node === null) return
      for (const [key, value] of Object.entries<unknown>({ ...node })) {
        if (key === "properties" && typeof value === "object" && value !== null)
          for (const [name, child] of Object.entries(value))
            if (typeof child === "object" && child !== null && !("description" in child)) undescribed.push(`${path}.${name}`)
        if (key !== "examples" && key !== "default") walk(value, `${path}/${key}`)
      }
    }
    walk(settingsJsonSchema(), "")
    expect(undescribed).toEqual([])
  })

  it.each([
    [withLine("chedules: {}"), "h.yaml:5:5: apps.a.chedules: unknown key; did you mean `schedules`?"],
    [
      withLine('schedules: { n: { cron: "0 0 30 2 *" } }'),
      'h.yaml:5:29: apps.a.schedules.n.cron: "0 0 30 2 *" never comes: no calendar has such a day; for example "0 3 * * *"',
    ],
    [
      withLine('schedules: { n: { cron: "99 3 * * *" } }'),
      'h.yaml:5:29: apps.a.schedules.n.cron: "99 3 * * *" is not a cron pattern (Invalid value for minute: 99); for example "0 3 * * *"',
    ],
    [
      withLine("schedules: { n: { cron: daily, timezone: Foo/Bar } }"),
      'h.yaml:5:46: apps.a.schedules.n.timezone: "Foo/Bar" is not a timezone that this machine knows; for example America/New_York',
    ],
    [
      withLine("schedules: { n: { cron: daily, vault: nowhere } }"),
      "h.yaml:5:43: apps.a.schedules.n.vault: there is no vault called `nowhere`; for example local",
    ],
    [
      withLine("objectives: { exposure: 24 hours }"),
      'h.yaml:5:29: apps.a.objectives.exposure: "24 hours" is not a duration (a number and ms, s, m, h, d or w); for example "24h"',
    ],
    [
      withLine(
        "compose: ./c.yml\n    databases: { m: { postgres: { service: db, database: d, user: u } } }\n    sandbox: { without: [proxy, db] }",
      ),
      "h.yaml:7:33: apps.a.sandbox.without.1: a copy without `db` would prove nothing: it runs a database",
    ],
    [
      withLine("compose: ./c.yml\n    health: { command: { service: web, argv: [a] } }\n    sandbox: { without: [web] }"),
      "h.yaml:7:26: apps.a.sandbox.without.0: a copy without `web` would prove nothing: `health` asks it",
    ],
    [
      withLine("compose: ./c.yml\n    checks: { c: { command: { service: web, argv: [a] } } }\n    sandbox: { without: [web] }"),
      "h.yaml:7:26: apps.a.sandbox.without.0: a copy without `web` would prove nothing: a check asks it",
    ],
    [
      withLine("compose: ./c.yml\n    updates: { source: registry, services: [web] }\n    sandbox: { without: [web] }"),
      "h.yaml:7:26: apps.a.sandbox.without.0: a copy without `web` would prove nothing: updates move it",
    ],
    [withLine("sandbox: { without: [web] }"), "h.yaml:5:14: apps.a.sandbox: this needs `compose`, so that it can be found"],
    [withLine("images: sometimes"), "h.yaml:5:13: apps.a.images: must be one of `auto`, `always`, `never`; for example auto"],
    [withLine("drills: { m: { cron: daily } }"), "h.yaml:5:15: apps.a.drills.m.level: is missing; for example booted"],
    [withLine("images: auto\n    images: never"), "h.yaml:6:5: this key is written twice in the same mapping"],
    [
      withLine('files: { x: { path: "${DATA}/x" } }'),
      "h.yaml:5:25: apps.a.files.x.path: `${…}` is not filled in here; write the value itself, or `env:NAME` where a secret is expected",
    ],
    [
      withLine("run: { stop: systemctl, start: [a] }"),
      "h.yaml:5:18: apps.a.run.stop: must be a list, not a text; for example [systemctl, stop, superchat]",
    ],
    [
      withLine("databases: { m: { postgres: { host: h, database: d, user: u, password: hunter2 } } }"),
      'h.yaml:5:76: apps.a.databases.m.postgres.password: a secret is never written here; name an environment variable, or use a file; for example "env:DB_PASSWORD"',
    ],
    [
      withLine("databases: { m: { url: 'postgres://u:hunter2@h/d' } }"),
      'h.yaml:5:28: apps.a.databases.m.url: a password must not be written into the address; use `passwordFile`, `password: env:NAME`, or `url: env:DATABASE_URL`; for example "env:DATABASE_URL"',
    ],
    [
      "vaults: { o: { url: 'rest:https://me:hunter2@h/' } }\napps: {}\n",
      'h.yaml:1:21: vaults.o.url: a password must not be written into the address; put it into the `credentials` file (for rest: RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD); for example "s3:https://s3.example.com/acme"',
    ],
    [
      "vaults: { o: { path: /v, keep: { daily: 0 } } }\napps: {}\n",
      "h.yaml:1:32: vaults.o.keep: a policy that keeps nothing is refused; for example { last: 3, daily: 7, weekly: 4, monthly: 12 }",
    ],
  ])("names file, line, column, key, what is wrong and an example: %#", (text, expected) => {
    const problems = problemsOf(text)
    expect(problems[0]?.startsWith(expected), problems.join("\n")).toBe(true)
    expect(problems.join()).not.toContain("hunter2")
  })

  it("lists all problems, in the order of the file", () => {
    const problems = problemsOf(
      "vaults: { local: { path: 3 } }\napps:\n  a: { secrets: [./s], imagez: auto }\n  B: { secrets: [./s] }\nx: 1\n",
    )
    expect(problems.map((line) => line.split(": ").slice(0, 2).join(" "))).toEqual([
      "h.yaml:1:26 vaults.local.path",
      "h.yaml:3:24 apps.a.imagez",
      "h.yaml:4:3 apps.B",
      "h.yaml:5:1 x",
    ])
  })

  it("follows aliases and merges", () => {
    const parsed = parseSettings(
      "vaults: { v: { path: /v } }\napps:\n  a: &a { secrets: [./s], images: never }\n  b: { <<: *a, secrets: [./t] }\n",
      "h.yaml",
    )
    expect(parsed.apps["b"]).toMatchObject({ images: "never", secrets: ["./t"] })
  })
})

describe("finding the settings file", () => {
  it("takes the flag, then HOLDFAST_CONFIG, then the folder, and never falls through a name that is not there", async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, "holdfast.yaml"), "")
    await writeFile(join(directory, "other.yaml"), "")
    expect(findSettingsFile("other.yaml", { HOLDFAST_CONFIG: "holdfast.yaml" }, directory)).toBe(join(directory, "other.yaml"))
    expect(findSettingsFile(null, { HOLDFAST_CONFIG: "other.yaml" }, directory)).toBe(join(directory, "other.yaml"))
    expect(findSettingsFile(null, {}, directory)).toBe(join(directory, "holdfast.yaml"))
    expect(() => findSettingsFile("typo.yaml", {}, directory)).toThrow(`there is no settings file ${join(directory, "typo.yaml")}`)
  })
})

describe("an app from settings", () => {
  it("takes from the recipe what is not said, with paths of the settings beside the settings and those of the recipe beside the compose file", async () => {
    const directory = await temporaryDirectory()
    await mkdir(join(directory, "stack"))
    await writeFile(join(directory, "stack/compose.yml"), "services: { postgres: {}, api: {} }\n")
    await writeFile(join(directory, "stack/compose.override.yml"), "services: {}\n")
    await writeFile(
      join(directory, "stack/.env"),
      "COMPOSE_PROJECT_NAME=old\nDATA_DIR=/mnt/x\nPOSTGRES_USER=wv\nCOMPOSE_PROJECT_NAME=weave\n",
    )
    await writeFile(
      join(directory, "holdfast.yaml"),
      "vaults: { v: { path: ./v } }\napps: { w: { recipe: weavestream, compose: ./stack/compose.yml, secrets: [./keys] } }\n",
    )

    const settings = loadSettings(join(directory, "holdfast.yaml"), {})
    const app = resolveApp(settings, "w", { environment: {}, recipes })

    expect(app.compose).toEqual({
      files: [join(directory, "stack/compose.yml"), join(directory, "stack/compose.override.yml")],
      projectDirectory: join(directory, "stack"),
      projectName: "weave",
      profiles: [],
    })
    expect(app.databases).toMatchObject([
      { engine: "postgres", name: "main", service: "postgres", projectName: "weave", database: "weavestream", user: "wv", password: null },
    ])
    expect(app.files.map(({ place }) => place)).toEqual([{ path: "/mnt/x/files" }, { path: "/mnt/x/backup" }])
    expect(app.secrets).toEqual([join(directory, "keys")])
    expect(app.configuration).toEqual([
      join(directory, "stack/compose.yml"),
      join(directory, "stack/compose.override.yml"),
      join(directory, "stack/.env"),
      join(directory, "holdfast.yaml"),
    ])
    expect(app.health).toMatchObject({ command: { service: "api" }, expect: { status: ["ok"] }, timeoutMs: 300_000 })
    expect(vaultLocation(settings, "v", { stateDirectory: "/state" })).toMatchObject({
      url: join(directory, "v"),
      keyFile: "/state/keys/v.key",
      appendOnly: false,
    })
  })

  it("takes what no point holds on purpose as compose tells names and paths apart, and what copies do without", async () => {
    const directory = await temporaryDirectory()
    const line = "leaveOut: [thumbs, ./media, /srv/x, db/stats]\n    sandbox: { without: [proxy] }\n    compose: ./c.yml"
    await writeFile(join(directory, "h.yaml"), withLine(line))
    await writeFile(join(directory, "c.yml"), "services: {}\n")
    const app = resolveApp(loadSettings(join(directory, "h.yaml"), {}), "a", { environment: {}, recipes })

    expect(app).toMatchObject({ leaveOut: ["thumbs", join(directory, "media"), "/srv/x", "db/stats"], copiesWithout: ["proxy"] })
  })

  it("reads the password of a credentials file as it stands, dollar signs too", async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, "o.env"), "AWS_SECRET_ACCESS_KEY=a$b#c\n")
    await writeFile(
      join(directory, "h.yaml"),
      'vaults: { o: { url: "s3:https://h/b", credentials: ./o.env, storageClass: STANDARD_IA } }\napps: {}\n',
    )
    const location = vaultLocation(loadSettings(join(directory, "h.yaml"), {}), "o", { stateDirectory: "/state" })
    const secret = location.environment["AWS_SECRET_ACCESS_KEY"]
    expect(typeof secret === "object" ? secret.reveal() : null).toBe("a$b#c")
    expect(location.options).toEqual(["s3.storage-class=STANDARD_IA"])
  })
})

describe("drop-in use without a settings file", () => {
  it("needs only DATABASE_URL, with the password from the secret file", async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, "pw"), "p@ss/$&word\n")
    const environment = {
      DATABASE_URL: "postgres://chatalot:__DB_PASSWORD__@db.example:5433/chatalot",
      DB_PASSWORD_FILE: join(directory, "pw"),
      CHATALOT_VERSION: "0.24.6",
    }
    const dropIn = settingsFromEnvironment(environment)
    if (dropIn === null) throw new Error("expected settings")
    expect(dropIn.dropIn).toEqual({
      snapshotDirectory: "/var/backups/chatalot",
      retainCount: 5,
      rollbackWindowMs: 86_400_000,
      version: "0.24.6",
    })
    expect(resolveApp(dropIn, "chatalot", { environment, recipes }).version).toBe("0.24.6")
    const [database] = resolveApp(dropIn, "chatalot", { environment, recipes }).databases
    expect(database).toMatchObject({ host: "db.example", port: 5433, database: "chatalot", user: "chatalot" })
    expect(database?.engine === "postgres" ? database.password?.reveal() : null).toBe("p@ss/$&word")
    expect(vaultLocation(dropIn, "local", { stateDirectory: "/s" }).url).toBe("/var/backups/chatalot/holdfast-vault")
  })

  it("takes the password from libpq's own variable when the address has none", () => {
    const environment = { DATABASE_URL: "postgres://chatalot@db.example/chatalot", PGPASSWORD: "from-libpq" }
    const dropIn = settingsFromEnvironment(environment)
    if (dropIn === null) throw new Error("expected settings")
    const [database] = resolveApp(dropIn, "chatalot", { environment, recipes }).databases
    expect(database?.engine === "postgres" ? database.password?.reveal() : null).toBe("from-libpq")
  })

  it("is not meant when DATABASE_URL is missing, and refuses a window above 168 hours by name", () => {
    expect(settingsFromEnvironment({})).toBeNull()
    expect(() => settingsFromEnvironment({ DATABASE_URL: "postgres://h/d", CHATALOT_ROLLBACK_WINDOW_HOURS: "169" })).toThrow(
      'CHATALOT_ROLLBACK_WINDOW_HOURS is "169", not a whole number from 0 to 168',
    )
  })
})

describe("editing one value in place", () => {
  it("keeps comments, modes and spacing", () => {
    expect(editValue("a: 0644   # mode\nb: [ x,  'y' ]\n", ["b", 1], "it's")).toBe("a: 0644   # mode\nb: [ x,  'it''s' ]\n")
  })

  it("changes only the value, whatever the text is", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
        fc.constantFrom(
          ["apps", "chat", "schedules", "nightly", "cron"],
          ["apps", "chat", "images"],
          ["apps", "chat", "secrets", 1],
          ["apps", "chat", "health", "expect", "status"],
        ),
        (value, path) => {
          const edited = editValue(EXAMPLE, path, value)
          const [before, after]: unknown[] = [parse(EXAMPLE), parse(edited)]
          const at = (tree: unknown): unknown =>
            path.reduce<unknown>((node, key) => (typeof node === "object" && node !== null ? Reflect.get(node, key) : undefined), tree)
          expect(at(after)).toBe(value)
          const present = String(at(before))
          const restored = parse(editValue(edited, path, present))
          expect(restored).toEqual(before)
          expect(edited.match(/#.*supplies whatever is not said here\n/)).not.toBeNull()
        },
      ),
      { numRuns: 40 },
    )
  })

  it("refuses an alias and an anchor that others use", () => {
    const text = "a: &x 1\nb: *x\n"
    expect(() => editValue(text, ["b"], 2)).toThrow("cannot change b in place")
    expect(() => editValue(text, ["a"], 2)).toThrow("cannot change a in place")
  })
})

describe("schedules", () => {
  it("on change take secrets and configuration alone and keep every version for a year; others keep the usual", async () => {
    const directory = await temporaryDirectory("schedules")
    const file = join(directory, "holdfast.yaml")
    const text = withLine(
      "schedules: { n: { cron: daily, only: [database], cold: true }, c: { cron: hourly, on: change, enabled: false } }",
    )
    await writeFile(file, text)
    const { n, c } = resolveApp(loadSettings(file, {}), "a", { environment: {}, recipes }).schedules
    expect(n).toMatchObject({ cron: "0 3 * * *", only: ["database"], cold: true, enabled: true, onChange: false, keep: DEFAULT_KEEP })
    expect(c).toMatchObject({ only: ["secrets", "configuration"], onChange: true, enabled: false, keep: { withinMs: 365 * 86_400_000 } })
  })

  it("on change with parts or with a stop are refused", () => {
    expect(problemsOf(withLine("schedules: { c: { cron: hourly, on: change, only: [files] } }")).join()).toContain("leave `only` out")
    expect(problemsOf(withLine("schedules: { c: { cron: hourly, on: change, cold: true } }")).join()).toContain("leave `cold` out")
  })

  it("of an app called holdfast are refused: that name is taken", () => {
    expect(problemsOf(withLine("images: never").replace("  a:", "  holdfast:")).join()).toContain("Holdfast's own")
  })
})
