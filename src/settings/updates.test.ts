import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as fc from "fast-check"
import { validRange } from "semver"
import { describe, expect, it } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import type { App } from "../app/app.ts"
import { loadRecipes } from "../app/load-recipes.ts"
import { appFromJson, appToJson } from "../app/portable.ts"
import { isHoldfastError } from "../base/errors.ts"
import { parseSettings } from "./parse.ts"
import { resolveApp } from "./resolve.ts"
import { loadSettings } from "./settings.ts"
import { versionRange } from "./value.ts"

const recipes = loadRecipes(join(import.meta.dirname, "../../recipes"))
const DIGEST = `sha256:${"f1".repeat(32)}`
const MANIFEST = "source: manifest, url: https://u.example, key: ./k, repositories: [r.example/a]"

/** The problems of a file whose one app has these updates. */
function problemsOf(updates: string, others = "compose: ./c.yml"): readonly string[] {
  const text = `vaults: { local: { path: /v } }\napps:\n  a:\n    secrets: [./s]\n    ${others}\n    updates: { ${updates} }\n`
  try {
    parseSettings(text, "h.yaml")
    return []
  } catch (thrown) {
    if (!isHoldfastError(thrown, "SETTINGS_INVALID")) throw thrown
    return (thrown.why ?? "").split("\n")
  }
}

describe("settings of updates", () => {
  it.each([
    MANIFEST,
    `${MANIFEST}, keyDigest: "${DIGEST}", channel: beta, window: "Sat-Mon,Wed 22:00-02:00", automatic: true, rollbackWindow: 7d`,
    'source: registry, versions: "^1.4", tagPattern: "v(?<version>.+)", minimumAge: 0s, expectVersion: false',
    "source: registry, services: [web], registryCredentials: ./creds, token: ./token, stability: 2m, timeout: 1h",
    "source: git, url: git@git.example:acme/app.git, branch: main",
    "source: git, url: file:///srv/git/app.git, versions: ^1",
    "source: git, url: ssh://git@git.example:2222/acme/app.git",
    "source: git, url: env:APP_REPOSITORY",
  ])("are taken: %s", (updates) => {
    expect(problemsOf(updates)).toEqual([])
  })

  it.each([
    [
      "source: hub",
      "h.yaml:6:24: apps.a.updates.source: must be one of `manifest`, `registry`, `git`, `directories`; for example manifest",
    ],
    ["source: git", "h.yaml:6:14: apps.a.updates: `source: git` needs `url`"],
    ["source: manifest, key: ./k", "h.yaml:6:14: apps.a.updates: `source: manifest` needs `url`"],
    [
      "source: manifest, url: https://u.example, repositories: [r/a]",
      "h.yaml:6:14: apps.a.updates: `source: manifest` needs `key`, the vendor's public key",
    ],
    [
      "source: manifest, url: git@git.example:acme/app.git, key: ./k, repositories: [r/a]",
      "h.yaml:6:39: apps.a.updates.url: is not an address of releases; `http(s)://…` or `env:NAME` is",
    ],
    [
      "source: manifest, url: https://me:hunter2@u.example, key: ./k, repositories: [r/a]",
      "h.yaml:6:39: apps.a.updates.url: a password must not be written into the address; use `env:NAME`",
    ],
    ["source: git, url: ftp://x", "h.yaml:6:34: apps.a.updates.url: is neither `http(s)://…` nor `env:NAME`"],
    [
      "source: manifest, url: https://u.example, key: ./k",
      "h.yaml:6:5: apps.a.updates.repositories: is missing: a release may only bring images of repositories named here; for example [registry.example.com/acme/chatalot]",
    ],
    [`${MANIFEST}, channel: stabel`, "must be one of `stable`, `beta`, `canary`; for example stable"],
    [`${MANIFEST}, keyDigest: abc`, "apps.a.updates.keyDigest: is not `sha256:` and 64 hexadecimal digits; for example"],
    [`source: registry, keyDigest: "${DIGEST}"`, "`keyDigest` needs `key`"],
    [`${MANIFEST}, services: []`, "apps.a.updates.services: "],
    [
      "source: registry, repositories: ['r.example/a:1']",
      "apps.a.updates.repositories.0: is not the name of an image repository, without tag and digest; for example",
    ],
    ["source: registry, versions: newest", 'apps.a.updates.versions: "newest" is not a range of versions; for example "^0.24"'],
    ["source: registry, tagPattern: 'v(.'", 'apps.a.updates.tagPattern: "v(." is not a regular expression; for example'],
    [
      "source: registry, minimumAge: 1 day",
      'apps.a.updates.minimumAge: "1 day" is not a duration (a number and ms, s, m, h, d or w); for example',
    ],
    [`${MANIFEST}, minimumAge: 1d`, "apps.a.updates.minimumAge: is for `source: registry` or `directories`; leave it out"],
    [`${MANIFEST}, versions: "1.x"`, "apps.a.updates.versions: is for `source: registry` or `git` or `directories`; leave it out"],
    [`${MANIFEST}, tagPattern: ".*"`, "apps.a.updates.tagPattern: is for `source: registry` or `git` or `directories`; leave it out"],
    ["source: registry, branch: main", "apps.a.updates.branch: is for `source: git`; leave it out"],
    [
      "source: git, url: https://u.example/a.git, branch: main, versions: ^1",
      "apps.a.updates.versions: is for tags, and `branch` is followed; leave one of them out",
    ],
    ["source: registry, automatic: true", "apps.a.updates: `automatic: true` needs `window`, the days and hours in which it may run"],
    [
      "source: registry, window: 'Sunday 03:00-05:00'",
      '"Sunday 03:00-05:00" is not a window of days and hours; for example "Sun 03:00-05:00"',
    ],
    ["source: registry, window: '03:00-03:00'", '"03:00-03:00" opens and closes at the same minute; for example "Sun 03:00-05:00"'],
    [
      "source: registry, timezone: Foo/Bar",
      'apps.a.updates.timezone: "Foo/Bar" is not a timezone that this machine knows; for example America/New_York',
    ],
    [
      "source: registry, rollbackWindow: 169h",
      'apps.a.updates.rollbackWindow: "169h" is longer than 168h, the most that is kept; for example "24h"',
    ],
    ["source: registry, rollbackWindow: 10081m", '"10081m" is longer than 168h, the most that is kept'],
    [
      "source: registry, stability: soon",
      'apps.a.updates.stability: "soon" is not a duration (a number and ms, s, m, h, d or w); for example "60s"',
    ],
    ["source: registry, timeout: 0s", 'apps.a.updates.timeout: "0s" is not a duration'],
    ["source: registry, expectVersion: maybe", "apps.a.updates.expectVersion: must be "],
    ["source: registry, token: 3", "apps.a.updates.token: must be "],
    ["source: registry, minimumage: 1h", "apps.a.updates.minimumage: unknown key; did you mean `minimumAge`?"],
  ])("are refused with place and reason: %s", (updates, expected) => {
    const problems = problemsOf(updates).join("\n")
    expect(problems).toContain(expected)
    expect(problems).not.toContain("hunter2")
  })

  it("take no range of versions that semver does not take", () => {
    const piece = fc.constantFrom("1", "0", "10", "x", "*", ".", ".2", "-rc.1", "^", "~", ">=", "<", " ", " || ", "v", "01")
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const range = pieces.join("")
        if (versionRange.safeParse(range).success) expect(validRange(range), range).not.toBeNull()
      }),
      { numRuns: 2000 },
    )
    expect(["^1.4", "1.x", ">=1.4 <3", "~1.2.3 || ^2", "*", "1.0.0-rc.1"].every((range) => versionRange.safeParse(range).success)).toBe(
      true,
    )
  })

  it("that move images need a compose project, those of a program a link and commands that stop and start it", () => {
    const program = "run: { stop: [a], start: [b] }"
    const install = "install: { link: ./current, releases: ./releases, preFlight: [./check], migrate: [./migrate] }"
    expect(problemsOf("source: registry", program)).toEqual([
      "h.yaml:6:24: apps.a.updates.source: `source: registry` moves images, so it needs `compose`; for example directories",
    ])
    expect(problemsOf(`source: directories, ${install}, versions: "1.x", minimumAge: 1h`, program)).toEqual([])
    expect(problemsOf("source: git, url: https://g.example/a.git, install: { link: ./c, releases: ./r, build: [make] }", program)).toEqual(
      [],
    )
    expect(problemsOf("source: directories, install: { link: ./c, releases: ./r, build: [make] }", program)).toEqual([
      "h.yaml:6:46: apps.a.updates.install: `install.build` is for `source: git`; leave it out; for example { link: /srv/app/current, releases: /srv/app/releases }",
    ])
    expect(problemsOf(`source: git, url: https://g.example/a.git, ${install}`, program)).toEqual([])
    expect(problemsOf("source: git, url: https://g.example/a.git", program)).toEqual([
      "h.yaml:6:5: apps.a.updates.install: is missing: the link and the directory of its versions; for example { link: /srv/app/current, releases: /srv/app/releases }",
    ])
    expect(problemsOf("source: directories", program).join()).toContain(
      "h.yaml:6:14: apps.a.updates: `source: directories` needs `install`, the link and the directory of its versions",
    )
    expect(problemsOf(`source: directories, ${install}`, "files: { a: { path: ./a } }")).toEqual([
      "h.yaml:3:3: apps.a.run: is missing: an update stops and starts the app",
    ])
    expect(problemsOf(`source: registry, ${install}`).join()).toContain(
      "apps.a.updates.install: is for an app without `compose`, which is started through a link; leave it out",
    )
    expect(problemsOf("source: directories, install: { link: ./current }", program).join()).toContain(
      "apps.a.updates.install.releases: is missing",
    )
  })
})

describe("an app's rules of updates", () => {
  async function appWith(
    updates: string,
    environment: Readonly<Record<string, string>> = {},
    recipe = "chatalot",
  ): Promise<{ app: App; directory: string }> {
    const directory = await temporaryDirectory()
    await mkdir(join(directory, "stack"))
    await writeFile(join(directory, "stack/compose.yml"), "services: { chatalot: {}, postgres: {} }\n")
    await writeFile(join(directory, "stack/.env"), "RELEASES=https://from-env-file.example\n")
    const text = `vaults: { v: { path: ./v } }\napps: { a: { recipe: ${recipe}, compose: ./stack/compose.yml, ${updates} } }\n`
    await writeFile(join(directory, "holdfast.yaml"), text)
    const app = resolveApp(loadSettings(join(directory, "holdfast.yaml"), environment), "a", { environment, recipes })
    return { app, directory }
  }

  it("take from the recipe what is not said, with the services that this project has", async () => {
    const { app, directory } = await appWith(
      "updates: { source: manifest, url: https://u.example/chatalot, key: ./k.pem, registryCredentials: ./creds, token: /run/token }",
    )
    expect(app.updates).toEqual({
      source: "manifest",
      url: "https://u.example/chatalot",
      channel: "stable",
      product: "chatalot",
      keyFile: join(directory, "k.pem"),
      keyDigest: null,
      services: ["chatalot"],
      repositories: [
        "registry.seglamater.app/seglamater/chatalot",
        "registry.seglamater.app/seglamater/chatalot-updater",
        "ghcr.io/purpleneutral/chatalot",
      ],
      versions: null,
      tagPattern: null,
      branch: null,
      minimumAgeMs: 0,
      window: null,
      timezone: "UTC",
      automatic: false,
      rollbackWindowMs: 86_400_000,
      stabilityMs: 60_000,
      timeoutMs: 600_000,
      expectVersion: false,
      credentialsFile: join(directory, "creds"),
      tokenFile: "/run/token",
    })
  })

  it("take what is said before what the recipe says", async () => {
    const { app } = await appWith(
      "updates: { source: registry, services: [postgres], repositories: [r.example/x], expectVersion: true, product: chat, minimumAge: 2h, versions: 1.x, timezone: Europe/Berlin, window: '03:00-04:00', automatic: true }",
    )
    expect(app.updates).toMatchObject({
      services: ["postgres"],
      repositories: ["r.example/x"],
      expectVersion: true,
      product: "chat",
      minimumAgeMs: 7_200_000,
      versions: "1.x",
      timezone: "Europe/Berlin",
      window: "03:00-04:00",
      automatic: true,
    })
  })

  it("leave new tags alone for a day, and name no services where the project has none of the recipe's", async () => {
    const { app } = await appWith("updates: { source: registry }", {}, "weavestream")
    expect(app.updates).toMatchObject({ minimumAgeMs: 86_400_000, services: null, product: "weavestream" })
  })

  it("find an address in the environment, then in .env; one that is nowhere does not keep the app from being backed up", async () => {
    const updates = (name: string): string => `updates: { source: manifest, key: ./k, url: env:${name} }`
    expect((await appWith(updates("RELEASES"), { RELEASES: "https://from-shell.example" })).app.updates?.url).toBe(
      "https://from-shell.example",
    )
    expect((await appWith(updates("RELEASES"))).app.updates?.url).toBe("https://from-env-file.example")
    expect((await appWith(updates("NOWHERE"))).app.updates?.url).toBe("env:NOWHERE")
  })

  it("are left out where nobody said any, and out of what a point keeps", async () => {
    const { app: without } = await appWith("images: auto")
    const { app } = await appWith("updates: { source: registry }")
    expect("updates" in without).toBe(false)
    expect(appToJson(app)).not.toHaveProperty("updates")
    expect(appFromJson(appToJson(app))).toEqual({
      ...appFromJson(appToJson(without)),
      configuration: app.configuration,
      secrets: app.secrets,
      compose: app.compose,
    })
  })
})
