import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { halfPrepared, notDefined } from "../../test/fixture/adopt/compose-files.ts"
import { exampleService, exampleState } from "../../test/fixture/example-services.ts"
import { loadRecipes } from "../app/load-recipes.ts"
import type { ComposeModel, ComposeService, ServiceState } from "../app/ports.ts"
import { Secret } from "../base/secret.ts"
import { isRecord } from "../settings/member-value.ts"
import { checksOf, editedChecks, refuseSurprises, type AdoptFacts } from "./checks.ts"
import type { SecretFound } from "./secret-files.ts"
import { writtenFile } from "./written.ts"

const managed = loadRecipes("recipes")["chatalot"]?.managedUpdates
if (managed === undefined) throw new Error("the recipe knows no updater")
const known = managed

const prepared = halfPrepared({ server: "r.example/chatalot", updater: "r.example/chatalot-updater", proxy: "r.example/proxy" })

/** As compose would resolve a file, as far as the checks look. */
function modelOf(text: string): ComposeModel {
  const document: unknown = parse(text)
  if (!isRecord(document) || !isRecord(document["services"])) throw new Error("no compose file")
  const secrets = isRecord(document["secrets"]) ? document["secrets"] : {}
  return {
    projectName: "village",
    services: Object.entries(document["services"]).map(([name, service]) => serviceOf(name, isRecord(service) ? service : {})),
    volumes: {},
    networks: {},
    secretFiles: Object.fromEntries(Object.keys(secrets).map((name) => [name, `/srv/chat/secrets/${name}`])),
    document,
  }
}

function serviceOf(name: string, service: Record<string, unknown>): ComposeService {
  const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((item) => typeof item === "string") : [])
  return exampleService(name, {
    image: null,
    profiles: list(service["profiles"]),
    secrets: list(service["secrets"]),
    networkMode: typeof service["network_mode"] === "string" ? service["network_mode"] : null,
  })
}

function state(service: string, more: Partial<ServiceState> = {}): ServiceState {
  return exampleState(service, {
    containerId: `id-${service}`,
    containerName: `village-${service}-1`,
    imageReference: "village-chatalot",
    ...more,
  })
}

const image = { repository: "r.example/chatalot", digest: `sha256:${"a".repeat(64)}`, tag: null }

function secret(name: string, more: Partial<SecretFound> = {}): SecretFound {
  const make = known.secrets[name]?.make ?? "never"
  return { name, path: `/srv/chat/secrets/${name}`, make, wantedMode: 0o644, state: "missing", problem: null, status: null, ...more }
}

function facts(more: Partial<AdoptFacts> = {}, text = notDefined): AdoptFacts {
  return {
    managed: known,
    files: [writtenFile("/srv/chat/docker-compose.yml", text)],
    model: modelOf(text),
    states: [state("chatalot"), state("postgres")],
    secrets: [secret("updater_token"), secret("cosign_pub"), secret("registry_creds"), secret("db_password", { state: "filled" })],
    otherSecrets: [],
    well: { passed: true, why: "" },
    running: "0.24.5",
    release: {
      version: "0.24.6",
      foundIn: "manifest",
      images: { chatalot: image, "chatalot-updater": image, "chatalot-socket-proxy": image },
      preFlight: null,
      migrate: null,
      schemaVersion: null,
      notes: "",
      signed: null,
    },
    needsImages: ["chatalot", "chatalot-updater", "chatalot-socket-proxy"],
    keepsDefined: true,
    ...more,
  }
}

/** `name: expected … found …` of what is a surprise. */
const surprises = (given: AdoptFacts): readonly string[] =>
  checksOf(given)
    .filter((check) => !check.good)
    .map(({ name, expected, found }) => `${name}: expected ${expected}; found ${found}`)

describe("the guard of an adoption", () => {
  it("is content with both starting points", () => {
    expect(surprises(facts())).toEqual([])
    expect(surprises(facts({}, prepared))).toEqual([])
  })

  it("stops on a server that has no container, whatever other containers are called (C111, C120)", () => {
    expect(surprises(facts({ states: [state("postgres", { containerName: "chatalot" })] }))).toEqual([
      "service chatalot: expected one container, which runs; found none",
    ])
    expect(surprises(facts({ states: [state("chatalot", { state: "exited" })] }))).toEqual([
      "service chatalot: expected one container, which runs; found village-chatalot-1 (exited)",
    ])
  })

  it("stops on an app that is not well (C121)", () => {
    expect(surprises(facts({ well: { passed: false, why: "health status is degraded" } }))).toEqual([
      "health: expected the app is well now; found health status is degraded",
    ])
  })

  it("stops on half an updater (C125)", () => {
    expect(surprises(facts({}, prepared.replace("  chatalot-socket-proxy:\n    image", "  proxy:\n    image")))).toEqual([
      "chatalot-updater and chatalot-socket-proxy: expected both are defined in the compose files, or neither; found one of them is defined",
    ])
  })

  it("stops on an updater that was started before", () => {
    const started = [state("chatalot"), state("chatalot-updater", { state: "exited" })]
    expect(surprises(facts({ states: started }, prepared))).toEqual([
      "updater: expected it was never started; found village-chatalot-updater-1 (exited)",
    ])
  })

  it("stops on a staged service that is not hardened, or does not get its secrets (C143)", () => {
    const soft = prepared
      .replace("    cap_drop: [ALL]\n    security_opt: [no-new-privileges]\n", "")
      .replace("[updater_token, cosign_pub, registry_creds, db_password]", "[updater_token, db_password]")
    expect(surprises(facts({}, soft))).toEqual([
      "chatalot-updater: secrets: expected updater_token, cosign_pub, registry_creds; found updater_token, db_password",
      'chatalot-updater: hardened: expected read_only: true, tmpfs: [/tmp], cap_drop: [ALL], security_opt: ["no-new-privileges:true"]; found not cap_drop: [ALL], not security_opt: ["no-new-privileges:true"]',
    ])
  })

  it("does not mind what a staged service is like that gives way to Holdfast's own", () => {
    const soft = prepared
      .replaceAll("    cap_drop: [ALL]\n", "")
      .replace("secrets: [updater_token, cosign_pub, registry_creds, db_password]", "")
    expect(surprises(facts({ keepsDefined: false }, soft))).toEqual([])
    expect(surprises(facts({}, soft))).not.toEqual([])
  })

  it("stops on a secret that is filled with what cannot be right (C122, C132)", () => {
    const wrong = [
      secret("updater_token", { state: "blank", problem: "it holds white space only" }),
      secret("db_password", { state: "empty" }),
    ]
    expect(surprises(facts({ secrets: wrong }))).toEqual([
      "secret updater_token: expected missing, empty, or a token; found something else: it holds white space only",
      "secret db_password: expected filled; found empty, 0 bytes",
    ])
  })

  it("lets secrets of the server alone be 0600 if they belong to its user (C135)", () => {
    const other = (mode: number, uid: number) => facts({ otherSecrets: [{ path: "/s/jwt_private.pem", mode, uid, sizeBytes: 119 }] })
    expect(surprises(other(0o600, 999))).toEqual([])
    expect(surprises(other(0o644, 0))).toEqual([])
    expect(surprises(other(0o600, 0))).toEqual([
      "secret jwt_private.pem: expected filled, and readable for user 999: its own, or 0644; found 119 bytes, 0600, of user 0",
    ])
  })

  it("stops on a key of the environment that says something else, or comes twice (C136)", () => {
    expect(surprises(facts({}, prepared.replace("UPDATE_CHANNEL=stable", "UPDATE_CHANNEL=beta")))).toEqual([
      "environment UPDATE_CHANNEL: expected not set, or once as stable; found beta",
    ])
    expect(
      surprises(
        facts({}, prepared.replace("      - UPDATE_CHANNEL=stable", "      - UPDATE_CHANNEL=stable\n      - UPDATE_CHANNEL=stable")),
      ),
    ).toEqual(["environment UPDATE_CHANNEL: expected not set, or once as stable; found stable, and again stable"])
  })

  it("stops on a network of the updater that is open to the outside, and on a server without networks of the project", () => {
    expect(surprises(facts({}, prepared.replace("updater_internal: { internal: true }", "updater_internal:")))).toEqual([
      "network updater_internal: expected not defined, or internal; found open to the outside",
    ])
    expect(
      surprises(
        facts({}, notDefined.replace("    networks: [external, internal]\n    healthcheck", "    network_mode: host\n    healthcheck")),
      ),
    ).toEqual(["networks of the server: expected networks of the project; found host"])
  })

  it("stops when an image has no digest, and when server and updater are of two releases (C138, C139)", () => {
    const release = facts().release
    expect(surprises(facts({ release: { ...release, images: { chatalot: image } } }))).toEqual([
      "release 0.24.6: expected a digest for chatalot, chatalot-updater, chatalot-socket-proxy; found none for chatalot-updater, chatalot-socket-proxy",
    ])
    const tagged = { ...release.images, chatalot: { ...image, tag: "0.24.6" }, "chatalot-updater": { ...image, tag: "0.24.5" } }
    expect(
      surprises(facts({ release: { ...release, images: { ...tagged, "chatalot-socket-proxy": { ...image, tag: "0.3.0" } } } })),
    ).toEqual(["one release: expected chatalot and chatalot-updater of 0.24.6; found 0.24.5"])
  })

  it("never goes back to an older version", () => {
    expect(surprises(facts({ running: "0.25.0" }))).toEqual(["running version: expected 0.24.6 or earlier; found 0.25.0"])
    expect(surprises(facts({ running: null }))).toEqual([])
  })

  it("names everything that is a surprise at once, with what was expected (C119)", () => {
    const checks = checksOf(facts({ running: "0.25.0", well: { passed: false, why: "no answer" } }))
    expect(() => refuseSurprises("village", checks)).toThrow(
      expect.objectContaining({
        code: "ADOPT_SURPRISE",
        message: "village is not as it is expected to be",
        why: "health: expected the app is well now; found no answer\nrunning version: expected 0.24.6 or earlier; found 0.25.0",
      }),
    )
  })
})

describe("the edited files, as Compose resolves them", () => {
  it("must say all that they were to say before anything is started (C136, C137, C142)", () => {
    const model = modelOf(prepared)
    const environment = Object.fromEntries(Object.entries(known.server.environment).map(([name, value]) => [name, new Secret(value)]))
    const services = model.services.map((service) =>
      service.name === "chatalot" ? { ...service, environment, secrets: [...service.secrets, "updater_token"] } : service,
    )
    const missing = (given: Pick<ComposeModel, "services" | "document">): readonly string[] =>
      editedChecks(given, known)
        .filter((check) => !check.good)
        .map(({ name }) => name)
    expect(missing({ services, document: model.document })).toEqual(["networks of the server"])
    expect(missing(model)).toEqual([
      "environment UPDATER_API_URL",
      "environment UPDATER_API_TOKEN_FILE",
      "environment UPDATE_CHANNEL",
      "environment UPDATE_MANIFEST_HOST",
      "secrets of the server",
      "networks of the server",
    ])
  })
})
