/** Updates from a git repository, as far as no engine is needed: real git and real compose, no daemon. */
import { existsSync } from "node:fs"
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import type { App, UpdateRules } from "../../src/app/app.ts"
import type { ContainerEngine } from "../../src/app/ports.ts"
import { systemClock } from "../../src/base/clock.ts"
import { createProcesses } from "../../src/tool/process/process.ts"
import { createDocker } from "../../src/tool/docker/docker.ts"
import { createCommandEngine } from "../../src/tool/engine/command/command.ts"
import { createPostgresEngine } from "../../src/tool/engine/postgres/postgres.ts"
import { createSqliteEngine } from "../../src/tool/engine/sqlite/sqlite.ts"
import { createEngineTable } from "../../src/tool/engine/table.ts"
import { createGit } from "../../src/tool/git/git.ts"
import { createProber } from "../../src/tool/probe/probe.ts"
import { createCommandRunner } from "../../src/tool/process/command-runner.ts"
import { createRestic } from "../../src/tool/restic/restic.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { buildRelease } from "../../src/update/place/build-release.ts"
import { checkoutPlacing } from "../../src/update/place/checkout-placing.ts"
import { findInGit } from "../../src/update/find/git-releases.ts"
import { placeNew, placeOld } from "../../src/update/place/place.ts"
import { planCheckout } from "../../src/update/place/plan-checkout.ts"
import type { UpdateTools } from "../../src/update/ports.ts"
import { planReplaced } from "../../src/update/place/prepare.ts"
import type { Prepared } from "../../src/update/prepared.ts"
import { state } from "../fixture/gate-tools.ts"
import { exampleApp, exampleUpdates } from "../fixture/example-updates.ts"
import { exampleContext } from "../fixture/example.ts"
import { cloneRepository, createRepository, type TestRepository } from "../fixture/git-repository.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"

const COMPOSE = `services:
  web: { build: ., env_file: [.env], environment: { COLOUR: red }, volumes: ["data:/data", "./config:/config"] }
  worker: { image: shop-web, volumes: ["data:/data"] }
  cache: { image: busybox }
volumes: { data: }
`
const FILES = {
  "compose.yml": COMPOSE,
  Dockerfile: "FROM scratch\n",
  "CHANGELOG.md": "# 1.0.0\nFirst.\n",
  ".gitignore": ".env\n",
  "config/a": "a",
}

interface World {
  readonly vendor: TestRepository
  readonly own: TestRepository
  readonly app: App
  readonly tools: UpdateTools
  /** Name → image, as the engine has them. */
  readonly names: ReadonlyMap<string, string>
  /** What was asked to be built, and what lay there for it. */
  readonly built: { images: Readonly<Record<string, string>>; files: readonly string[]; dockerfile: string }[]
  find(rules?: Partial<UpdateRules>): ReturnType<typeof findInGit>
}

async function world(): Promise<World> {
  const directory = await temporaryDirectory("update-source")
  const vendor = createRepository(join(directory, "vendor"))
  vendor.commit("first", FILES)
  vendor.git("tag", "v1.0.0")
  const own = cloneRepository(vendor, join(directory, "own"))
  await writeFile(join(own.directory, ".env"), "GREETING=hello\n")
  await writeFile(join(own.directory, "compose.override.yml"), "services: { web: { ports: ['127.0.0.1:18080:80'] } }\n")
  const scratchDirectory = join(directory, "scratch")
  await mkdir(scratchDirectory)
  const environment = { PATH: process.env["PATH"] ?? "", HOME: directory, DOCKER_HOST: `unix://${directory}/no.sock` }
  const processes = createProcesses({ environment, clock: systemClock, setpriv: null })
  const plugin = "/usr/libexec/docker/cli-plugins/docker-compose"
  const composeBinary = existsSync(plugin) ? plugin : "docker-compose"
  const docker = createDocker({ processes, dockerBinary: "docker", composeBinary, environment, scratchDirectory })
  const built: World["built"] = []
  const names = new Map([
    ["shop-web", "sha256:old"],
    ["sha256:old", "sha256:old"],
  ])
  const containers: ContainerEngine = {
    ...docker,
    services: async () => await Promise.resolve([state("web", { imageId: "sha256:old" }), state("worker", { imageId: "sha256:old" })]),
    imagePresent: async (reference) => await Promise.resolve(names.has(reference)),
    tagImage: async (image, name) => await Promise.resolve(void names.set(name, names.get(image) ?? "nothing")),
    imageNames: async () => await Promise.resolve([]),
    build: async (project, { images }) => {
      const files = (await readdir(project.projectDirectory)).toSorted()
      built.push({ images, files, dockerfile: await readFile(join(project.projectDirectory, "Dockerfile"), "utf8") })
      for (const image of Object.values(images)) names.set(image, `sha256:built ${image}`)
    },
  }
  const sources = createGit({ processes, binary: "git", directory: join(directory, "sources"), isRoot: false })
  const host = { self: (command: string) => ({ host: "h", bootId: "b", processId: 1, processStart: "1", command }), isAlive: () => true }
  const store = await openSqliteStore(join(directory, "store.sqlite"), { host, clock: systemClock })
  onTestFinished(async () => await store.close())
  const tools: UpdateTools = {
    host,
    store,
    commands: createCommandRunner(processes),
    prober: createProber({ processes }),
    backend: createRestic({ processes, binary: "restic", scratchDirectory }),
    databases: createEngineTable({
      postgres: createPostgresEngine({ processes, containers, scratchDirectory }),
      sqlite: createSqliteEngine({ processes, scratchDirectory, nodeBinary: process.execPath }),
      command: createCommandEngine({ processes, directory: join(directory, "dumps") }),
    }),
    containers,
    sources,
    scratchDirectory,
    holdfastVersion: "0.0.0-test",
  }
  const files = ["compose.yml", "compose.override.yml"].map((name) => join(own.directory, name))
  const compose = { files, projectDirectory: own.directory, projectName: "shop", profiles: [] }
  const app: App = { ...exampleApp, name: "shop", compose }
  const find: World["find"] = async (rules = { branch: "main" }) => {
    const running = { model: await docker.compose(compose, exampleContext()), states: [], reported: null }
    return await findInGit(tools, { app, running }, { ...exampleUpdates, source: "git", url: vendor.url, ...rules }, exampleContext())
  }
  return { vendor, own, app, tools, built, names, find }
}

async function planned({ app, tools, find }: World): Promise<Awaited<ReturnType<typeof planCheckout>>> {
  const [release] = (await find()).hops
  if (release?.built === undefined || app.compose === null) throw new Error("nothing was found")
  return await planCheckout(tools, app, app.compose, release, release.built, exampleContext())
}

describeNeeding("git", "docker")("an update from a git repository", () => {
  it("is the newest commit of the branch, with commits and what the changelog adds, for all services that run what is built", async () => {
    const made = await world()
    const from = made.own.git("rev-parse", "HEAD")
    expect(await made.find()).toMatchObject({ running: `main@${from.slice(0, 12)}`, hops: [] })
    made.vendor.commit("second", { "CHANGELOG.md": "# 1.1.0\nFaster.\n# 1.0.0\nFirst.\n" })
    const to = made.vendor.commit("third", { Dockerfile: "FROM scratch\nLABEL a=b\n" })
    const image = { repository: "holdfast-built/shop-web", digest: `commit:${to}`, tag: to.slice(0, 12) }

    const { hops } = await made.find()

    expect(hops).toEqual([
      {
        version: `main@${to.slice(0, 12)}`,
        foundIn: "git",
        built: { root: made.own.directory, from, to },
        images: { web: image, worker: image },
        preFlight: null,
        migrate: null,
        schemaVersion: null,
        notes: `# 1.1.0\nFaster.\n\n2 commits:\n${to.slice(0, 12)} 2026-03-01 Ada Vendor: third\n${made.vendor.git("rev-parse", "HEAD~1").slice(0, 12)} 2026-03-01 Ada Vendor: second`,
        signed: null,
      },
    ])
  })

  it("is the newest tag of the range, and no commit after it", async () => {
    const made = await world()
    for (const tag of ["v1.9.0", "v1.10.0", "v2.0.0-rc.1", "v3.0.0"]) {
      made.vendor.commit(tag, { version: tag })
      made.vendor.git("tag", tag)
    }
    made.vendor.commit("untagged", { version: "none" })

    const found = await made.find({ versions: "^1" })

    expect(found.running).toBe("1.0.0")
    expect(found.hops).toMatchObject([{ version: "1.10.0", built: { to: made.vendor.git("rev-parse", "v1.10.0^{commit}") } }])
    expect((await made.find({})).hops).toMatchObject([{ version: "3.0.0" }])
  })

  it("is refused where the history was rewritten, or the checkout has commits of its own", async () => {
    const made = await world()
    made.vendor.commit("second", { "a.txt": "1" })
    made.own.git("pull", "--quiet", "--ff-only")
    expect((await made.find()).hops).toEqual([])
    made.vendor.git("reset", "--quiet", "--hard", "HEAD~1")
    made.vendor.commit("another second", { "a.txt": "2" })
    await expect(made.find()).rejects.toMatchObject({
      code: "CHECKOUT_REFUSED",
      why: "it was made here, or its history was rewritten there",
    })
  })

  it("names tracked files that were changed here, and cares for no others", async () => {
    const made = await world()
    made.vendor.commit("second", { "a.txt": "1" })
    expect(await planned(made)).toEqual([])
    await appendFile(join(made.own.directory, "compose.yml"), "# mine\n")

    await expect(planned(made)).rejects.toMatchObject({ code: "CHECKOUT_REFUSED", why: "compose.yml" })
  })

  it("is refused where the new commit has a file in the place of one of the operator's", async () => {
    const made = await world()
    made.vendor.commit("second", { "compose.override.yml": "services: {}\n" })

    await expect(planned(made)).rejects.toMatchObject({ code: "CHECKOUT_REFUSED", why: "compose.override.yml" })
  })

  it("is refused where the new commit changes what is not built here, or where data lies", async () => {
    const made = await world()
    made.vendor.commit("second", {
      "compose.yml": COMPOSE.replace("image: busybox", "image: redis")
        .replace("data:/data", "other:/data")
        .replace("{ data: }", "{ data: , other: }"),
    })

    await expect(planned(made)).rejects.toMatchObject({
      code: "PIN_REFUSED",
      why: "it changes image of cache, volumes of web, volumes of the project",
    })
  })

  it("shows what of the compose file is another, and builds with the files of the commit and the environment of the operator", async () => {
    const made = await world()
    const commit = made.vendor.commit("second", {
      "compose.yml": COMPOSE.replace("COLOUR: red", "COLOUR: blue"),
      Dockerfile: "FROM scratch\nLABEL a=b\n",
      "new.txt": "n",
    })

    const [edit, ...others] = await planned(made)
    expect(others).toEqual([])
    expect(edit?.path).toBe(join(made.own.directory, "compose.yml"))
    expect(edit?.diff).toContain("COLOUR: blue")
    const [release] = (await made.find()).hops
    if (release === undefined) throw new Error("nothing was found")
    expect(await buildRelease(made.tools, made.app, release, exampleContext())).toEqual({ web: { COLOUR: "blue" } })
    await buildRelease(made.tools, made.app, release, exampleContext())

    expect(made.built).toEqual([
      {
        images: { web: `holdfast-built/shop-web:${commit.slice(0, 12)}` },
        files: [".env", ".gitignore", "CHANGELOG.md", "Dockerfile", "compose.yml", "config", "new.txt"],
        dockerfile: "FROM scratch\nLABEL a=b\n",
      },
    ])
    expect(await readdir(made.tools.scratchDirectory)).toEqual([])
    expect(made.own.git("status", "--porcelain", "--untracked-files=no")).toBe("")
  })

  it("is put in place and taken back as one: names of images and the checkout, with what ran kept by a name of ours", async () => {
    const made = await world()
    const from = made.own.git("rev-parse", "HEAD")
    const to = made.vendor.commit("second", { Dockerfile: "FROM scratch\nLABEL a=b\n" })
    const [release] = (await made.find()).hops
    const { compose } = made.app
    if (release === undefined || compose === null) throw new Error("nothing was found")
    const placing = checkoutPlacing(made.tools, made.app, compose)
    const [ctx, services] = [exampleContext(), ["web", "worker"]]
    await placing.bring(release, ctx)
    const pins = await placing.pins(release)
    const replacements = await planReplaced(made.tools, made.app, pins, { to: release, services }, ctx)
    const standstill = { graceSeconds: 1, byCommand: false, rested: [], services: [] }
    const none = {
      hotPoint: "",
      coldDatabases: [],
      refilled: [],
      link: null,
      jobs: [],
      dependencies: [],
      withDependencies: false,
      wellBefore: true,
    }
    const prepared: Prepared = {
      ...none,
      from: null,
      to: release.version,
      replacements,
      standstill,
      checkout: release.built ?? null,
      services,
      vault: "local",
      safetyPoint: "",
    }
    await placing.stage(prepared, pins, release, ctx)
    expect(made.own.git("rev-parse", "HEAD")).toBe(from)

    await placeNew(made.tools, made.app, prepared, ctx)

    const image = `sha256:built holdfast-built/shop-web:${to.slice(0, 12)}`
    expect(made.names.get("shop-web")).toBe(image)
    expect([...made.names].filter(([name]) => name.startsWith("holdfast-kept:")).map(([, id]) => id)).toEqual(["sha256:old"])
    expect(made.own.git("rev-parse", "HEAD")).toBe(to)
    expect(await readFile(join(made.own.directory, "Dockerfile"), "utf8")).toContain("LABEL a=b")

    await placeOld(made.tools, made.app, prepared, ctx)

    expect(made.names.get("shop-web")).toBe("sha256:old")
    expect(made.names.get(`holdfast-built/shop-web:${to.slice(0, 12)}`)).toBe(image)
    expect(made.own.git("rev-parse", "HEAD")).toBe(from)
    expect(made.own.git("status", "--porcelain", "--untracked-files=no")).toBe("")
  })
})
