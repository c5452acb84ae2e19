import { describe, expect, it } from "vitest"
import { parseDocument } from "./document.ts"
import { includedServices, rewriteDocument, type RewritePlan } from "./rewrite.ts"

const source = {
  name: "live",
  services: {
    app: {
      image: "app:1",
      build: { context: "/srv/app" },
      container_name: "live-app",
      restart: "always",
      ports: [{ target: 80, published: "80" }],
      labels: { "traefik.enable": "true" },
      logging: { driver: "gelf" },
      extra_hosts: ["db:10.0.0.1"],
      dns: ["10.0.0.53"],
      deploy: { replicas: 3 },
      environment: { PRICE: "5$$" },
      read_only: true,
      networks: { front: { ipv4_address: "10.1.1.1", aliases: ["chat"] } },
      depends_on: { db: { condition: "service_healthy" }, tunnel: { condition: "service_started" } },
      volumes: [
        { type: "volume", source: "files", target: "/files" },
        { type: "volume", source: "cache", target: "/cache", read_only: true },
        { type: "bind", source: "/srv/a$$b", target: "/conf", read_only: true },
      ],
      secrets: [{ source: "key", target: "/run/secrets/key" }],
      unheard_of: true,
    },
    db: { image: "postgres:17", links: ["app:frontend"] },
    tunnel: { image: "tunnel", profiles: ["production"] },
  },
  volumes: { files: { name: "somebody_elses", external: true }, cache: { name: "live_cache", driver_opts: { type: "nfs" } }, unused: {} },
  networks: { front: { external: true, name: "proxy" } },
  secrets: { key: { file: "/srv/secrets/key" } },
}

const plan: RewritePlan = {
  projectName: "copy",
  labels: { mark: "ours" },
  included: ["app", "db"],
  images: { app: "sha256:abc" },
  volumeDirectories: { somebody_elses: "/point/$files" },
  variableFiles: new Map(),
  binds: new Map([
    ["/srv/a$b", { use: "/point/conf", readOnly: false }],
    ["/srv/secrets/key", { use: "/point/key", readOnly: false }],
  ]),
  environment: {},
}

describe("rewriting a compose document for a sandbox", () => {
  it("keeps what the app is and drops every tie to the host and the live stack", () => {
    const rewritten = rewriteDocument(parseDocument(source), plan)
    expect(rewritten).toEqual({
      name: "copy",
      services: {
        app: {
          image: "sha256:abc",
          pull_policy: "never",
          restart: "no",
          labels: { mark: "ours" },
          environment: { PRICE: "5$$" },
          read_only: true,
          networks: { sandbox: { aliases: ["app", "live-app", "chat", "frontend"] } },
          depends_on: { db: { condition: "service_healthy" } },
          volumes: [
            { type: "bind", source: "/point/$$files", target: "/files", read_only: false, bind: { create_host_path: false } },
            { type: "volume", source: "cache", target: "/cache", read_only: true },
            { type: "bind", source: "/point/conf", target: "/conf", read_only: true, bind: { create_host_path: false } },
          ],
          secrets: [{ source: "key", target: "/run/secrets/key" }],
        },
        db: {
          image: "postgres:17",
          pull_policy: "never",
          restart: "no",
          labels: { mark: "ours" },
          networks: { sandbox: { aliases: ["db"] } },
          depends_on: {},
          volumes: [],
        },
      },
      networks: {
        sandbox: {
          name: "copy_sandbox",
          driver: "bridge",
          internal: true,
          driver_opts: { "com.docker.network.bridge.inhibit_ipv4": "true" },
          labels: { mark: "ours" },
        },
      },
      volumes: { cache: { name: "copy_cache", labels: { mark: "ours" } } },
      secrets: { key: { file: "/point/key" } },
      configs: {},
    })
  })

  it.each([
    ["a map", { MAIL: "smtp.live", PRICE: "5$$" }],
    ["a list", ["MAIL=smtp.live", "PRICE=5$$"]],
  ])("gives variables other values, whether the app's own are %s, and takes no value for a reference", (_, environment) => {
    const document = parseDocument({ ...source, services: { ...source.services, app: { ...source.services.app, environment } } })
    const rewritten = rewriteDocument(document, { ...plan, environment: { app: { MAIL: "$HOME", MORE: "a=b" }, gone: { X: "1" } } })
    expect(rewritten).toMatchObject({ services: { app: { environment: { MAIL: "$$HOME", PRICE: "5$$", MORE: "a=b" } } } })
    expect(rewritten["services"]).not.toHaveProperty("gone")
    expect(rewritten["services"]).not.toHaveProperty("db.environment")
  })

  it("leaves out services of a profile unless they ran when the point was made", () => {
    const request = {
      document: source,
      projectDirectory: "/srv",
      volumeDirectories: {},
      bindReplacements: {},
      databaseServices: [],
      directory: "/tmp",
      fillDatabases: async () => undefined,
    }
    const document = parseDocument(source)
    expect(includedServices(document, { ...request, images: {} })).toEqual(["app", "db"])
    expect(includedServices(document, { ...request, images: { tunnel: "sha256:1" } })).toEqual(["app", "db", "tunnel"])
    expect(includedServices(document, { ...request, images: { tunnel: "sha256:1" }, leftOut: ["tunnel", "app"] })).toEqual(["db"])
  })

  it("refuses a path about which nothing was decided, and a secret that is not a file", () => {
    const document = parseDocument(source)
    expect(() => rewriteDocument(document, { ...plan, binds: new Map() })).toThrow(
      "service app cannot run in a sandbox: it mounts /srv/a$$b, about which nothing was decided",
    )
    const external = parseDocument({ ...source, secrets: { key: { external: true, name: "key" } } })
    expect(() => rewriteDocument(external, plan)).toThrow("service app cannot run in a sandbox: its secret key does not come from a file")
  })

  it("hands over the value of a variable as a file, and refuses one that is not known", () => {
    const ofVariable = parseDocument({ ...source, secrets: { key: { environment: "APP_KEY" } } })
    const known = { ...plan, variableFiles: new Map([["APP_KEY", "/sandbox/$variables/APP_KEY"]]) }

    expect(rewriteDocument(ofVariable, known)["secrets"]).toEqual({ key: { file: "/sandbox/$$variables/APP_KEY" } })
    expect(() => rewriteDocument(ofVariable, plan)).toThrow(
      "service app cannot run in a sandbox: its secret key is the variable APP_KEY, which the point's .env does not hold",
    )
  })

  it("refuses a document that is not one", () => {
    expect(() => parseDocument({ services: [] })).toThrow("the recorded compose configuration is not of a known shape")
  })
})
