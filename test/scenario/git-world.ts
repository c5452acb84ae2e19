/** The app with versions as somebody runs it who installed it from source: a clone of the vendor's repository, built by compose, with files of their own in it. */
import { randomBytes } from "node:crypto"
import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { cloneRepository, createRepository, type TestRepository } from "../fixture/git-repository.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { sqliteCompose } from "../fixture/versioned-app/compose-file.ts"
import { DATABASE_FILE, makeAppProject, type AppProject } from "../fixture/versioned-app/project.ts"
import { versionFacts, type Version } from "../fixture/versioned-app/versions.ts"
import { cliIn, type Cli } from "./cli.ts"
import { APP } from "./shop-settings.ts"

export interface GitWorld {
  readonly vendor: TestRepository
  readonly project: AppProject
  readonly checkout: TestRepository
  readonly cli: Cli
  /** Commits a version, with what else differs; the id of the commit. */
  publish(version: Version, more?: { readonly dockerfile?: string; readonly files?: Readonly<Record<string, string>> }): string
  /** Nobody can fetch or build from anything but this machine any more. */
  loseRemote(): Promise<void>
  dispose(): Promise<void>
}

/** Names of images are those that compose gives; both services are built from one directory. */
const COMPOSE = sqliteCompose.replaceAll(/ {4}image: .*\n/g, "    build: .\n")

const dockerfile = (version: Version, key: string): string =>
  [
    "FROM holdfast-test/versioned-app",
    `LABEL holdfast.test.shop=${key}`,
    `ENV APP_VERSION=${version} APP_BEHAVIOUR='${JSON.stringify(versionFacts(version).behaviour)}'`,
    "",
  ].join("\n")

/** Version 1.0.0 is cloned, built and runs, with rows and uploads; no point was taken yet. */
export async function gitWorld(): Promise<GitWorld> {
  const directory = await newDirectory("update-git")
  const key = randomBytes(4).toString("hex")
  const vendor = createRepository(join(directory, "vendor"))
  const released: string[] = []
  const publish: GitWorld["publish"] = (version, more = {}) => {
    released.unshift(`# ${version}`, versionFacts(version).notes)
    return vendor.commit(`Release ${version}`, {
      "compose.yml": COMPOSE,
      Dockerfile: `${dockerfile(version, key)}${more.dockerfile ?? ""}`,
      "CHANGELOG.md": `${released.join("\n")}\n`,
      ".gitignore": ".env\nsecrets/\n",
      ".dockerignore": "*\n",
      ...more.files,
    })
  }
  publish("1.0.0")
  const checkout = cloneRepository(vendor, join(directory, "app"))
  const project = await makeAppProject(checkout.directory, { engine: "sqlite", registry: "registry.invalid" })
  checkout.git("checkout", "--quiet", "--", "compose.yml")
  await mkdir(join(directory, "state"))
  await writeFile(join(project.directory, "holdfast.yaml"), JSON.stringify(settingsOf(directory, project, vendor), null, 2))
  await project.up()
  for (let number = 1; number <= 20; number += 1) await project.addEntry("before", number)
  for (let number = 1; number <= 3; number += 1) await project.addFile(`file-${number}.bin`, randomBytes(3000))
  await project.waitQuiet()
  return {
    vendor,
    project,
    checkout,
    cli: cliIn({ cwd: project.directory, stateDirectory: join(directory, "state") }),
    publish,
    loseRemote: async () => {
      await rm(vendor.directory, { recursive: true })
      await rm(join(directory, "state/sources"), { recursive: true })
    },
    dispose: async () => {
      await project.remove()
      const ids = (await command(["docker", "image", "ls", "--all", "--quiet", "--filter", `label=holdfast.test.shop=${key}`])).split("\n")
      const own = [...new Set(ids.filter((id) => id !== ""))]
      if (own.length > 0) await tryCommand(["docker", "image", "rm", "--force", ...own])
      await removeTree(directory)
    },
  }
}

function settingsOf(directory: string, project: AppProject, vendor: TestRepository): unknown {
  const at = (name: string): string => join(project.directory, name)
  return {
    vaults: { local: { path: join(directory, "vault") } },
    apps: {
      [APP]: {
        // Saving them takes most of the time of a point, and an update keeps its own.
        images: "never",
        compose: { files: [at("compose.yml"), at("compose.override.yml")], project: project.name },
        databases: { main: { sqlite: { volume: "data", path: DATABASE_FILE } } },
        files: { uploads: { volume: "uploads" } },
        secrets: [at("secrets"), at(".env")],
        health: { url: `${project.url}/api/health`, expect: { status: "ok" }, version: "version", timeout: "1m" },
        updates: { source: "git", url: vendor.url, branch: "main", stability: "2s", timeout: "8s", rollbackWindow: "1h" },
      },
    },
  }
}
