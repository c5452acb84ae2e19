import { describe, expect, it } from "vitest"
import type { WantedImage } from "./image-text.ts"
import { planPins, type PinPlan } from "./pin-images.ts"

const DIGEST = `sha256:${"ab".repeat(32)}`
const OTHER = `sha256:${"cd".repeat(32)}`
const project = { files: ["/srv/app/compose.yml"], projectDirectory: "/srv/app" }

function image(repository: string, tag: string | null = "1.6.0", digest = DIGEST): WantedImage {
  return { repository, tag, digest }
}

function plan(compose: string, wanted: Readonly<Record<string, WantedImage>>, env?: string): PinPlan {
  const texts = new Map([["/srv/app/compose.yml", compose], ...(env === undefined ? [] : [["/srv/app/.env", env] as const])])
  return planPins(project, texts, wanted)
}

function composeAfter({ edits }: PinPlan): string | undefined {
  return edits.find(({ path }) => path === "/srv/app/compose.yml")?.after
}

describe("pinning an image that is written as a text", () => {
  it.each([
    ["plain", "image: web:1 # ours", `image: web:1.6.0@${DIGEST} # ours`],
    ["in single quotes", "image: 'web:1'", `image: 'web:1.6.0@${DIGEST}'`],
    ["in double quotes", `image:   "web"`, `image:   "web:1.6.0@${DIGEST}"`],
    ["pinned before", `image: web:1@${OTHER}`, `image: web:1.6.0@${DIGEST}`],
    ["with a registry's port", "image: docker.io/library/web:1", `image: docker.io/library/web:1.6.0@${DIGEST}`],
  ])("%s, keeps everything around it and the repository as it is spelled", (_how, line, expected) => {
    const text = `# top\r\nservices:\r\n  web:\r\n    ${line}\r\n    mode: 0644`
    expect(composeAfter(plan(text, { web: image("web") }))).toBe(text.replace(line, expected))
  })

  it("moves to another repository where that is wanted, and says so in the difference", () => {
    const { edits } = plan("services:\n  web: { image: web:1, restart: always }\n", { web: image("ghcr.io/acme/web", null) })
    expect(edits).toEqual([
      expect.objectContaining({
        path: "/srv/app/compose.yml",
        before: "services:\n  web: { image: web:1, restart: always }\n",
        diff: [
          "--- /srv/app/compose.yml",
          "+++ /srv/app/compose.yml",
          "@@ -2 +2 @@",
          "-  web: { image: web:1, restart: always }",
          `+  web: { image: ghcr.io/acme/web@${DIGEST}, restart: always }`,
          "",
        ].join("\n"),
      }),
    ])
  })

  it("edits the last file that says it, and not the others", () => {
    const two = { files: ["/srv/app/compose.yml", "/srv/app/compose.override.yml"], projectDirectory: "/srv/app" }
    const texts = new Map([
      ["/srv/app/compose.yml", "services: { web: { image: web:1 } }\n"],
      ["/srv/app/compose.override.yml", "services: { web: { image: web:2 } }\n"],
    ])
    const { edits } = planPins(two, texts, { web: image("web") })
    expect(edits.map(({ path }) => path)).toEqual(["/srv/app/compose.override.yml"])
  })

  it("keeps a byte order mark and a missing last line end", () => {
    expect(composeAfter(plan("\uFEFFservices:\n  web:\n    image: web:1", { web: image("web") }))).toBe(
      `\uFEFFservices:\n  web:\n    image: web:1.6.0@${DIGEST}`,
    )
  })

  it("has nothing to do where all is as wanted", () => {
    expect(plan(`services: { web: { image: "web:1.6.0@${DIGEST}" } }`, { web: image("web") })).toEqual({ edits: [], tags: [] })
  })
})

describe("pinning an image that comes from a variable", () => {
  it.each([
    ["${IMAGE}", "web:1"],
    ["$IMAGE", "ghcr.io/x/web:1"],
    ["${IMAGE:-web:0}", `"web:1" # pinned by hand`],
    ["${IMAGE:?set it}", "'web:1'"],
  ])("%s that is the whole value is changed in .env, in its last assignment", (text, written) => {
    const env = `IMAGE=old:1\r\nKEY=a b # c\r\nexport IMAGE=${written}\r\n#IMAGE=x`
    const repository = written.includes("ghcr") ? "ghcr.io/x/web" : "web"
    const { edits, tags } = plan(`services: { web: { image: "${text}" } }`, { web: image(repository) }, env)
    expect(edits.map(({ path }) => path)).toEqual(["/srv/app/.env"])
    const value = /(?:ghcr\.io\/x\/)?web:1(?!.*web)/
    expect(edits[0]?.after).toBe(env.replace(written, written.replace(value, `${repository}:1.6.0@${DIGEST}`)))
    expect(tags).toEqual([])
  })

  it("shows no other line of .env", () => {
    const { edits } = plan("services: { web: { image: $IMAGE } }", { web: image("web") }, "PASSWORD=hunter2\nIMAGE=web:1\nTOKEN=hunter3")
    expect(edits[0]?.diff).toBe(`--- /srv/app/.env\n+++ /srv/app/.env\n@@ -2 +2 @@\n-IMAGE=web:1\n+IMAGE=web:1.6.0@${DIGEST}\n`)
  })

  it.each([
    ["there is no .env", undefined],
    ["it is not in .env", "OTHER=1\n"],
    ["it is empty there and the default counts", "IMAGE=\n"],
    ["it only passes the environment on", "IMAGE\n"],
  ])("of which the default is used, because %s, is replaced in the compose file", (_why, env) => {
    const { edits } = plan(`services: { web: { image: "\${IMAGE:-web:1}" } }\n`, { web: image("web") }, env)
    expect(edits.map(({ path, after }) => [path, after])).toEqual([
      ["/srv/app/compose.yml", `services: { web: { image: "web:1.6.0@${DIGEST}" } }\n`],
    ])
  })

  const THREE = `services:
  api: { image: "ghcr.io/w/api:\${VERSION:-latest}", environment: { V: "\${VERSION}" }, env_file: .env }
  worker: { image: "ghcr.io/w/worker:\${VERSION:-latest}" }
  web:
    image: ghcr.io/w/web:v\${VERSION:-latest}
  redis: { image: redis:7 }
`
  const three = { api: image("ghcr.io/w/api"), worker: image("ghcr.io/w/worker", "1.6.0", OTHER), web: image("ghcr.io/w/web", "v1.6.0") }

  it("in the tag of three services that move together gets the new tag, and each name's meaning is told", () => {
    const result = plan(THREE, three, "A=1\nVERSION=1.5.6\n")
    expect(result.edits.map(({ path, after }) => [path, after])).toEqual([["/srv/app/.env", "A=1\nVERSION=1.6.0\n"]])
    expect(result.tags).toEqual([
      { reference: "ghcr.io/w/api:1.6.0", repository: "ghcr.io/w/api", digest: DIGEST },
      { reference: "ghcr.io/w/worker:1.6.0", repository: "ghcr.io/w/worker", digest: OTHER },
      { reference: "ghcr.io/w/web:v1.6.0", repository: "ghcr.io/w/web", digest: DIGEST },
    ])
  })

  it("tells the meaning of tags also when .env has the new one already", () => {
    const result = plan(THREE, three, "VERSION=1.6.0\n")
    expect(result.edits).toEqual([])
    expect(result.tags).toHaveLength(3)
  })

  it("in the tag is replaced with the digest where services want different tags, or none, or where .env does not say it", () => {
    const different = plan(THREE, { ...three, api: image("ghcr.io/w/api", "1.6.1") }, "VERSION=1.5.6\n")
    const none = plan(THREE, { ...three, api: image("ghcr.io/w/api", null) }, "VERSION=1.5.6\n")
    const unsaid = plan(THREE, three)
    expect(different.edits.map(({ path }) => path)).toEqual(["/srv/app/compose.yml"])
    expect(composeAfter(different)).toContain(`"ghcr.io/w/api:1.6.1@${DIGEST}"`)
    expect(composeAfter(different)).toContain(`"ghcr.io/w/worker:1.6.0@${OTHER}"`)
    expect(composeAfter(none)).toContain(`"ghcr.io/w/api@${DIGEST}"`)
    expect(composeAfter(unsaid)).toContain(`    image: ghcr.io/w/web:v1.6.0@${DIGEST}\n`)
    expect(unsaid.tags).toEqual([])
  })

  it("in the tag is refused when a service that shares it stays behind", () => {
    const { web: _web, ...two } = three
    expect(() => plan(THREE, two, "VERSION=1.5.6\n")).toThrow(
      expect.objectContaining({
        code: "PIN_REFUSED",
        message: "the image of api cannot be pinned in its compose file",
        why: "web shares the variable VERSION with it and would not be moved with it",
        hint: "Services that share this belong together: name all of them under `updates.services`, or give the service an `image:` of its own.",
      }),
    )
  })

  it.each([
    ["another service's environment uses it", `{ image: redis:7, environment: { V: "$VERSION" } }`, "VERSION=1\n"],
    ["another service takes the whole .env", "{ image: redis:7, env_file: [{ path: ./.env }] }", "VERSION=1\n"],
    ["another variable is made from it", "{ image: redis:7 }", "VERSION=1\nNAME=x-${VERSION}\n"],
    ["another file is included, which is not seen", "{ image: redis:7 }\ninclude: [more.yml]", "VERSION=1\n"],
  ])("is left alone, and the text replaced, where %s", (_why, redis, env) => {
    const text = `services:\n  web: { image: "web:$VERSION" }\n  redis: ${redis}\n`
    const { edits } = plan(text, { web: image("web") }, env)
    expect(edits.map(({ path, after }) => [path, after])).toEqual([
      ["/srv/app/compose.yml", text.replace("web:$VERSION", `web:1.6.0@${DIGEST}`)],
    ])
  })

  it("in the digest gets the digest", () => {
    const text = "services: { web: { image: '${REGISTRY}/web:${VERSION}@${WEB_DIGEST}' } }"
    const { edits } = plan(text, { web: image("r.example/web") }, `REGISTRY=r.example\nVERSION=1\nWEB_DIGEST=${OTHER}\n`)
    expect(edits.map(({ path, after }) => [path, after])).toEqual([
      ["/srv/app/.env", `REGISTRY=r.example\nVERSION=1.6.0\nWEB_DIGEST=${DIGEST}\n`],
    ])
  })

  it("in one image's tag is not changed when another image's repository is made from it", () => {
    const text = "services: { api: { image: 'api:$V' }, web: { image: 'r.example/${V}/web:1' } }"
    expect(() => plan(text, { api: image("api"), web: image("r.example/a1/web") }, "V=a1\n")).toThrow(
      expect.objectContaining({
        code: "PIN_REFUSED",
        why: `its image would become r.example/1.6.0/web:1.6.0@${DIGEST}, by variables or texts that it shares`,
        hint: "Give the services an `image:` of their own.",
      }),
    )
  })

  it("in the registry's name stays", () => {
    const text = "services: { web: { image: '${REGISTRY:-r.example}/web:1' } }"
    expect(composeAfter(plan(text, { web: image("r.example/web") }))).toBe(text.replace("web:1", `web:1.6.0@${DIGEST}`))
  })
})

describe("pinning an image that is written somewhere else", () => {
  it.each([
    ["an alias of a text under x-", "x-web: &web web:1\nservices:\n  web: { image: *web }\n"],
    ["a merge key", "x-base: &base { image: web:1, restart: always }\nservices:\n  web: { <<: *base }\n"],
    ["a list of merge keys", "x-a: &a { restart: always }\nx-b: &b { image: web:1 }\nservices:\n  web: { <<: [*a, *b] }\n"],
    ["a whole service by alias", "x-web: &web { image: web:1 }\nservices: { web: *web }\n"],
    ["an anchor of its own", "services:\n  web: { image: &own web:1 }\n"],
  ])("follows %s", (_how, text) => {
    expect(composeAfter(plan(text, { web: image("web") }))).toBe(text.replace("web:1", `web:1.6.0@${DIGEST}`))
  })

  it("moves two services that share one text together, and refuses to move one of them", () => {
    const text = "x-web: &web web:1\nservices:\n  web: { image: *web }\n  worker: { image: *web }\n"
    expect(composeAfter(plan(text, { web: image("web"), worker: image("web") }))).toContain(`&web web:1.6.0@${DIGEST}\n`)
    expect(() => plan(text, { web: image("web") })).toThrow(
      expect.objectContaining({ code: "PIN_REFUSED", why: "worker takes its image from the same place and would not be moved with it" }),
    )
    expect(() => plan(text, { web: image("web"), worker: image("web", "2") })).toThrow(
      expect.objectContaining({ code: "PIN_REFUSED", why: "worker takes its image from the same place and is to have another one" }),
    )
  })

  it("refuses when something that is no image uses the same text", () => {
    const text = "services:\n  web: { image: &web web:1 }\n  proxy: { image: nginx, labels: { for: *web } }\n"
    expect(() => plan(text, { web: image("web") })).toThrow(
      expect.objectContaining({ why: "services.proxy.labels.for would change as well, because it is written in the same place" }),
    )
  })

  it("follows extends within what was read, and says what to do where that is elsewhere", () => {
    const here = "services:\n  base: { image: web:1 }\n  web: { extends: base }\n"
    const there = "services:\n  web: { extends: { file: base.yml, service: base } }\n"
    expect(composeAfter(plan(here, { web: image("web"), base: image("web") }))).toContain(`web:1.6.0@${DIGEST}`)
    expect(() => plan(here, { web: image("web") })).toThrow(
      expect.objectContaining({ why: "base takes its image from the same place and would not be moved with it" }),
    )
    expect(() => plan(there, { web: image("web") })).toThrow(
      expect.objectContaining({
        why: "it extends base of /srv/app/base.yml, which is not one of the compose files",
        hint: "Give the service an `image:` of its own in one of the compose files; an override file will do.",
      }),
    )
    const texts = new Map([
      ["/srv/app/compose.yml", there],
      ["/srv/app/base.yml", "services: { base: { image: web:1 } }"],
    ])
    expect(planPins(project, texts, { web: image("web") }).edits.map(({ path, after }) => [path, after])).toEqual([
      ["/srv/app/base.yml", `services: { base: { image: web:1.6.0@${DIGEST} } }`],
    ])
  })

  it("refuses a service that is built here, unless that is taken back", () => {
    const built = "services:\n  web: { build: ., image: web:1 }\n"
    expect(() => plan(built, { web: image("web") })).toThrow(
      expect.objectContaining({
        code: "PIN_REFUSED",
        why: "it is built here: there is `build:` beside its image",
        hint: "Let `updates.source` be `git`, or take `build:` out (`build: !reset null` in an override file does it).",
      }),
    )
    const two = { files: ["/srv/app/compose.yml", "/srv/app/o.yml"], projectDirectory: "/srv/app" }
    const texts = new Map([
      ["/srv/app/compose.yml", built],
      ["/srv/app/o.yml", "services:\n  web: { build: !reset null }\n"],
    ])
    expect(planPins(two, texts, { web: image("web") }).edits).toHaveLength(1)
  })

  it("names services that are nowhere, and files that were not read", () => {
    expect(() => plan("services: { web: { image: x }, db: {} }", { wep: image("web") })).toThrow(
      expect.objectContaining({
        code: "COMPOSE_SERVICE_MISSING",
        message: "no compose file declares the service wep",
        why: "there are web, db",
      }),
    )
    expect(() => plan("include: [a.yml]\n", { web: image("web") })).toThrow(
      expect.objectContaining({
        code: "COMPOSE_SERVICE_MISSING",
        why: "/srv/app/compose.yml includes other files, which are not read",
        hint: "Give web an `image:` in an override file beside /srv/app/compose.yml.",
      }),
    )
    expect(() => plan("services: { web: {} }", { web: image("web") })).toThrow(
      expect.objectContaining({ code: "PIN_REFUSED", why: "no compose file gives it an image" }),
    )
    expect(() => planPins(project, new Map(), { web: image("web") })).toThrow("the compose file /srv/app/compose.yml was not read")
    expect(() => plan("services: [", { web: image("web") })).toThrow("/srv/app/compose.yml is not YAML")
    expect(() => plan("services:\n  web:\n    image: >-\n      web:1\n", { web: image("web") })).toThrow(
      expect.objectContaining({ why: "its image in /srv/app/compose.yml is written over several lines", hint: "Write it on one line." }),
    )
  })
})

describe("what a release names", () => {
  it.each([
    [{ repository: "web\nPASSWORD=x", tag: null, digest: DIGEST }, '"web\\nPASSWORD=x" is no repository'],
    [{ repository: "web: { privileged: true }", tag: null, digest: DIGEST }, '"web: { privileged: true }" is no repository'],
    [{ repository: "${DB_PASSWORD}", tag: null, digest: DIGEST }, '"${DB_PASSWORD}" is no repository'],
    [{ repository: "web", tag: "1\n", digest: DIGEST }, '"1\\n" is no tag'],
    [{ repository: "web", tag: "1 # x", digest: DIGEST }, '"1 # x" is no tag'],
    [{ repository: "web", tag: "1", digest: `${DIGEST}\n` }, `"${DIGEST}\\n" is no digest`],
    [{ repository: "web", tag: "1", digest: "sha256:short" }, '"sha256:short" is no digest'],
  ])("is written into no file when it is %j", (wanted, why) => {
    expect(() => plan("services: { web: { image: web:1 } }", { web: wanted })).toThrow(
      expect.objectContaining({ code: "PIN_REFUSED", message: "the release names no usable image for web", why }),
    )
  })
})
