import * as fc from "fast-check"
import { expect, it } from "vitest"
import { exampleApp, exampleRecipe } from "../../test/fixture/example.ts"
import { z } from "zod"
import { Secret } from "../base/secret.ts"
import type { App, Argv, DatabaseSource } from "./app.ts"
import { appFromJson, appToJson } from "./portable.ts"

const CANARY = "canary-of-portable"
const text = fc.string({ maxLength: 8 })
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null })
const argv: fc.Arbitrary<Argv> = fc.tuple(text, fc.array(text, { maxLength: 2 })).map(([first, rest]) => [first, ...rest])
const path = text.map((name) => `/srv/${name}`)
const place = fc.oneof(fc.record({ path }), fc.record({ volume: text, path: text }))

const database: fc.Arbitrary<DatabaseSource> = fc.oneof(
  fc.record({
    engine: fc.constant("postgres" as const),
    name: text,
    service: orNull(text),
    projectName: orNull(text),
    host: orNull(text),
    port: orNull(fc.nat()),
    database: text,
    user: text,
    password: orNull(fc.constant(new Secret(CANARY))),
    access: orNull(fc.constantFrom("tcp" as const, "helper" as const, "exec" as const)),
  }),
  fc.record({ engine: fc.constant("sqlite" as const), name: text, place }),
  fc.record({ engine: fc.constant("command" as const), name: text, dump: argv, restore: argv }),
)

const check = fc.oneof(
  fc.record({ kind: fc.constant("http" as const), name: text, url: text, expectStatus: fc.nat() }),
  fc.record({ kind: fc.constant("tcp" as const), name: text, host: text, port: fc.nat() }),
  fc.record({ kind: fc.constant("ssh-host-key" as const), name: text, host: text, port: fc.nat(), keyFile: path }),
  fc.record({ kind: fc.constant("sql" as const), name: text, database: text, query: text, expect: text }),
  fc.record({ kind: fc.constant("command" as const), name: text, service: orNull(text), argv }),
)

const app: fc.Arbitrary<App> = fc
  .record({
    recipe: orNull(fc.record({ volatileTables: fc.array(text, { maxLength: 2 }) }).map((more) => exampleRecipe(more))),
    compose: orNull(fc.record({ files: fc.array(path), projectDirectory: path, projectName: text, profiles: fc.array(text) })),
    run: orNull(fc.record({ stop: argv, start: argv })),
    databases: fc.array(database, { maxLength: 3 }),
    files: fc.array(
      fc.record({
        name: text,
        place,
        exclude: fc.array(text),
        defaultOwner: orNull(fc.record({ uid: fc.nat(), gid: fc.nat() })),
        mustBeMounted: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
    secrets: fc.array(path),
    configuration: fc.array(path),
    images: fc.constantFrom("auto" as const, "always" as const, "never" as const),
    health: orNull(
      fc.record({
        url: orNull(text),
        command: orNull(fc.record({ service: text, argv })),
        expect: fc
          .dictionary(
            fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== "__proto__"),
            fc.array(text),
          )
          .map((one) => ({ ...one })),
        versionKey: orNull(text),
        timeoutMs: fc.nat(),
      }),
    ),
    checks: fc.array(check, { maxLength: 3 }),
    hooks: fc.record({ before: fc.array(argv), after: fc.array(argv) }),
    objectives: fc.record({ exposureMs: orNull(fc.nat()), recoveryTimeMs: orNull(fc.nat()) }),
    vaults: fc.array(text),
    named: fc.record({ copiesWithout: fc.array(text), leaveOut: fc.array(text) }, { requiredKeys: [] }),
  })
  .map(({ named, ...more }) => exampleApp({ ...more, ...named }))

/** As a manifest is read: text, then JSON. */
function asRead(value: unknown) {
  return z.json().parse(JSON.parse(JSON.stringify(value)))
}

function withoutPasswords(one: App): App {
  return { ...one, databases: one.databases.map((source) => (source.engine === "postgres" ? { ...source, password: null } : source)) }
}

it("every app comes back from a manifest as it was, without passwords", () => {
  fc.assert(
    fc.property(app, (one) => {
      expect(appFromJson(asRead(appToJson(one)))).toEqual(withoutPasswords(one))
    }),
  )
})

it("no password is in the JSON, not even as a hidden one", () => {
  fc.assert(
    fc.property(app, (one) => {
      const json = JSON.stringify(appToJson(one))
      expect(json).not.toContain(CANARY)
      expect(json).not.toContain("[secret]")
    }),
  )
})

it("the version that the settings say comes back", () => {
  const one = exampleApp({ version: "1.2.3" })
  expect(appFromJson(appToJson(one))).toEqual(one)
})

it("what is not an app is refused", () => {
  for (const json of [null, {}, [], { ...exampleApp(), databases: [{ engine: "mongo" }] }]) {
    expect(() => appFromJson(asRead(json))).toThrow()
  }
})
