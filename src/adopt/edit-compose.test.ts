import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { z } from "zod"
import { loadRecipes } from "../app/load-recipes.ts"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import { halfPrepared, notDefined } from "../../test/fixture/adopt/compose-files.ts"
import { holdfastAdditions, outermost, vendorAdditions, type DefinitionGround } from "./definition.ts"
import { fileDifference } from "./difference.ts"
import { editCompose } from "./edit-compose.ts"
import { startingPoint } from "./starting-point.ts"
import { writtenFile } from "./written.ts"

const REGISTRY = "registry.seglamater.app/seglamater"
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const PATH = "/srv/chat/docker-compose.yml"
const PROJECT = { files: [PATH], projectDirectory: "/srv/chat" }

function managed(): ManagedUpdates {
  const known = loadRecipes("recipes")["chatalot"]?.managedUpdates
  if (known === undefined) throw new Error("the recipe knows no updater")
  return known
}

const ground: DefinitionGround = {
  serverContainer: "village-server",
  serverEnvironment: new Map([["DATABASE_URL", "postgres://chatalot:${DB_PASSWORD}@postgres:5432/chatalot"]]),
  serverNetworks: ["external", "internal"],
  engineSocket: "/var/run/docker.sock",
  declaredSecrets: ["db_password"],
}

const images = {
  chatalot: { repository: `${REGISTRY}/chatalot`, digest: digest("a"), tag: null },
  "chatalot-updater": { repository: `${REGISTRY}/chatalot-updater`, digest: digest("b"), tag: null },
  "chatalot-socket-proxy": { repository: `${REGISTRY}/docker-socket-proxy`, digest: digest("c"), tag: null },
}
const named = { updater: `${REGISTRY}/chatalot-updater@${digest("b")}`, proxy: `${REGISTRY}/docker-socket-proxy@${digest("c")}` }

const service = z.looseObject({
  image: z.string().optional(),
  build: z.unknown().optional(),
  environment: z.union([z.record(z.string(), z.unknown()), z.array(z.string())]).optional(),
  secrets: z.array(z.string()).optional(),
  networks: z.array(z.string()).optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.unknown().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  profiles: z.array(z.string()).optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()).optional() }).optional(),
  volumes: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
})
const document = z.object({
  services: z.record(z.string(), service),
  secrets: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.unknown()),
  networks: z.record(z.string(), z.unknown()),
})

function adopted(
  text: string,
  pinned: Partial<typeof images> = { chatalot: images.chatalot },
): { text: string; content: z.infer<typeof document> } {
  const additions = vendorAdditions(managed(), ground, named)
  const { edits } = editCompose(PROJECT, [writtenFile(PATH, text)], null, pinned, additions)
  const after = edits[0]?.after ?? ""
  return { text: after, content: document.parse(parse(after)) }
}

const prepared = halfPrepared({
  server: `${REGISTRY}/chatalot`,
  updater: `${REGISTRY}/chatalot-updater`,
  proxy: `${REGISTRY}/docker-socket-proxy`,
})

describe("the starting point", () => {
  const at = (text: string) => startingPoint([writtenFile(PATH, text)], managed())

  it("is told by the services that are defined, not by where their names come as well (C125, C126)", () => {
    expect(at(notDefined)).toBe("not-defined")
    expect(
      at(
        notDefined.replace(
          "depends_on:\n      postgres: { condition: service_healthy }",
          "depends_on:\n      chatalot-updater: { condition: service_started }",
        ),
      ),
    ).toBe("not-defined")
    expect(at(`${notDefined}\nx-later:\n  chatalot-updater:\n  chatalot-socket-proxy:\n`)).toBe("not-defined")
    expect(at(prepared)).toBe("defined")
    expect(at(prepared.replace("  chatalot-socket-proxy:\n    image", "  chatalot-proxy:\n    image"))).toBe("half-defined")
  })

  it("is the same however the services are written", () => {
    expect(at('services: { "chatalot-updater": { image: a }, "chatalot-socket-proxy": { image: b } }\n')).toBe("defined")
  })
})

describe("a compose file of an install that was built from source", () => {
  it("runs the server's image by digest afterwards, and needs no source tree (C114, C140)", () => {
    const { content } = adopted(notDefined)
    expect(content.services["chatalot"]).toMatchObject({ image: `${REGISTRY}/chatalot@${digest("a")}` })
    expect(content.services["chatalot"]?.build).toBeUndefined()
  })

  it("gets both services, hardened, in the profile, with a health check on 8081 and a network of their own (C143)", () => {
    const { content } = adopted(notDefined)
    for (const name of ["chatalot-updater", "chatalot-socket-proxy"]) {
      expect(content.services[name]).toMatchObject({
        profiles: ["updater"],
        read_only: true,
        tmpfs: ["/tmp"],
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      })
      expect(content.services[name]?.networks).toContain("updater_internal")
    }
    expect(content.services["chatalot-updater"]?.healthcheck?.test?.join(" ")).toContain("http://127.0.0.1:8081/health")
    expect(content.networks["updater_internal"]).toEqual({ internal: true })
  })

  it("lets the proxy do what updates need, without exec and volumes (C117)", () => {
    expect(adopted(notDefined).content.services["chatalot-socket-proxy"]?.environment).toEqual({
      CONTAINERS: "1",
      IMAGES: "1",
      NETWORKS: "1",
      POST: "1",
      EXEC: "0",
      VOLUMES: "0",
      SYSTEM: "0",
      BUILD: "0",
    })
  })

  it("gets the new secrets and volumes at its top (C144), and the token in the server's list (C137)", () => {
    const { content } = adopted(notDefined)
    expect(content.secrets).toMatchObject({ updater_token: { file: "./secrets/updater_token" }, cosign_pub: {}, registry_creds: {} })
    expect(Object.keys(content.volumes)).toEqual(["postgres_data", "file_storage", "updater_data", "chatalot_backups"])
    expect(content.services["chatalot"]?.secrets).toEqual(["db_password", "jwt_private_key", "jwt_public_key", "updater_token"])
  })

  it("gets the four keys once each, and names its container as it is really called (C120, C136)", () => {
    const { content } = adopted(notDefined)
    expect(content.services["chatalot"]?.environment).toMatchObject({
      UPDATER_API_URL: "http://chatalot-updater:8081",
      UPDATER_API_TOKEN_FILE: "/run/secrets/updater_token",
      UPDATE_CHANNEL: "stable",
      UPDATE_MANIFEST_HOST: "https://updates.seglamater.app",
    })
    expect(content.services["chatalot-updater"]?.environment).toMatchObject({
      CHATALOT_UPDATER_SERVER_CONTAINER: "village-server",
      DATABASE_URL: "postgres://chatalot:__DB_PASSWORD__@postgres:5432/chatalot",
    })
    expect(content.services["chatalot-updater"]?.secrets).toContain("db_password")
  })

  it("keeps every other line as it was", () => {
    const kept = notDefined.replace(/    build:\n(      .*\n)+/, "").split("\n")
    const after = adopted(notDefined).text.split("\n")
    for (const line of kept) {
      if (line.startsWith("    secrets: [db_password, jwt_private_key") || line === "    networks: [external, internal]") continue
      expect(after).toContain(line)
    }
  })

  it("is changed by nothing when it is adopted a second time", () => {
    const once = adopted(notDefined).text
    const twice = editCompose(
      PROJECT,
      [writtenFile(PATH, once)],
      null,
      { chatalot: images.chatalot },
      vendorAdditions(managed(), ground, named),
    )
    expect(twice.edits).toEqual([])
  })
})

describe("a compose file in which the updater was staged", () => {
  it("keeps its services, pins all three images to one release, and fills in what is missing (C138)", () => {
    const { content, text } = adopted(prepared, images)
    expect(content.services["chatalot-updater"]?.image).toContain(`@${digest("b")}`)
    expect(content.services["chatalot-socket-proxy"]?.image).toContain(`@${digest("c")}`)
    expect(content.services["chatalot"]?.image).toBe(`${REGISTRY}/chatalot@${digest("a")}`)
    expect(text).toContain("      - UPDATE_CHANNEL=stable   # was staged in spring\n")
    const environment = content.services["chatalot"]?.environment
    expect(
      Array.isArray(environment) && environment.filter((item) => /^UPDATE(R_API_(URL|TOKEN_FILE)|_CHANNEL|_MANIFEST_HOST)=/.test(item)),
    ).toHaveLength(4)
  })
})

describe("Holdfast's image in the place of both", () => {
  const place = {
    image: "holdfast:0.1.0",
    projectName: "village",
    settingsFile: "/etc/holdfast/holdfast.yaml",
    stateDirectory: "/var/lib/holdfast",
    directories: ["/srv/chat", "/srv/chat/config", "/var/backups/holdfast"],
    appBinds: [
      { path: "/srv/chat/config", readOnly: true },
      { path: "/srv/chat/secrets/updater_token", readOnly: true },
    ],
    repositories: ["postgres", "registry.example/chatalot"],
  }
  const services = holdfastAdditions(managed(), ground, place).services
  const updater = service.parse(services["chatalot-updater"])
  const proxy = service.parse(services["chatalot-socket-proxy"])

  it("has the same names, variables and port, and is no less hardened", () => {
    for (const one of [updater, proxy])
      expect(one).toMatchObject({
        image: "holdfast:0.1.0",
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        profiles: ["updater"],
      })
    expect(updater.environment).toMatchObject({
      CHATALOT_UPDATER_LISTEN_ADDR: "0.0.0.0:8081",
      CHATALOT_UPDATER_API_TOKEN_FILE: "/run/secrets/updater_token",
      HOLDFAST_HEALTH_URL: "http://127.0.0.1:8081/health",
      HOLDFAST_CONFIG: "/etc/holdfast/holdfast.yaml",
    })
    expect(proxy.environment).toMatchObject({ POST: "1", SYSTEM: "0", BUILD: "0" })
    expect([updater.labels, proxy.labels]).toEqual([{ "holdfast.service": "updater" }, { "holdfast.service": "socket-proxy" }])
  })

  it("takes the place of a pair that was staged, and every other line stays", () => {
    const additions = holdfastAdditions(managed(), ground, place)
    const [edit] = editCompose(PROJECT, [writtenFile(PATH, prepared)], null, { chatalot: images.chatalot }, additions).edits
    const after = edit?.after ?? ""
    const { services: edited } = document.parse(parse(after))
    expect([edited["chatalot-updater"], edited["chatalot-socket-proxy"]]).toEqual([updater, proxy])
    const staged = /  chatalot-updater:\n[\s\S]*?\n(?=\nvolumes:)/.exec(prepared)?.[0] ?? ""
    const others = prepared
      .replace(staged, "")
      .split("\n")
      .filter((line) => !/^    (build|secrets|networks):/.test(line))
    expect(after.split("\n")).toEqual(expect.arrayContaining(others))
    expect(after).not.toContain(`${REGISTRY}/chatalot-updater:`)
  })

  it("sees what it has to work on, each directory once and at its own path", () => {
    expect(updater.volumes).toEqual([
      "updater_data:/var/lib/chatalot-updater",
      "chatalot_backups:/var/backups/chatalot",
      "/etc/holdfast:/etc/holdfast",
      "/srv/chat:/srv/chat",
      "/var/backups/holdfast:/var/backups/holdfast",
      "/var/lib/holdfast:/var/lib/holdfast",
    ])
    expect(outermost(["/a/b", "/a", "/ab", "/a"])).toEqual(["/a", "/ab"])
  })

  it("keeps a server that names no network in the one that it is in", () => {
    const plain = notDefined.replace("    networks: [external, internal]\n    healthcheck", "    healthcheck")
    expect(adopted(plain).content.services["chatalot"]?.networks).toEqual(["default", "updater_internal"])
  })

  it("lets its proxy bind what the app and its copies mount, and run commands and containers of the app's images, and nothing else", () => {
    expect(proxy.command?.join(" ")).toBe(
      [
        "socket-proxy --listen 0.0.0.0:2375 --internal-network --project village",
        "--allow exec --allow attach --allow archive",
        "--repository postgres --repository registry.example/chatalot",
        "--repository holdfast-kept --repository holdfast-pulled --repository holdfast-helper",
        "--allow-path /srv/chat/config:ro --allow-path /srv/chat/secrets/updater_token:ro --allow-path /var/lib/holdfast/scratch",
      ].join(" "),
    )
    expect(proxy.environment).toMatchObject({ EXEC: "1", VOLUMES: "1" })
  })
})

describe("the difference that a plan prints", () => {
  it("shows changed lines alone, for others may hold secrets", () => {
    expect(fileDifference("a.yml", "one\ntwo\nthree\n", "one\n2\nthree\nfour\n")).toBe(
      "--- a.yml\n+++ a.yml\n@@ -2 +2 @@\n-two\n+2\n@@ -3,0 +4 @@\n+four\n",
    )
  })
})
