/** A compose project that only runs, and places in which its updates are looked for: each with a vendor, a vault and a store of its own. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { backupOutput } from "../../src/contract/output.ts"
import { releaseBuildOutput, releaseKeygenOutput, releasePublishOutput, releaseSignOutput } from "../../src/contract/output-release.ts"
import { updateCheckOutput, type CheckedApp } from "../../src/contract/output-update-find.ts"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { tinyProject, type TinyProject } from "../fixture/docker/tiny-project.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { serveDirectory } from "../fixture/versioned-app/site.ts"
import { cliIn, type Cli } from "./cli.ts"

export const digest = (digit: string): string => `sha256:${digit.repeat(64)}`

/** `server` and `worker` of one vendor, started by `tag`, and a store of somebody else. The images are busybox by other names. */
export async function runningProject(directory: string, registry: string, tag: string): Promise<TinyProject> {
  const images = [`${registry}/chat/server:${tag}`, `${registry}/chat/worker:${tag}`, "holdfast-test/cache:7"]
  for (const image of images) await command(["docker", "tag", "holdfast-test/busybox", image])
  const [server = "", worker = "", cache = ""] = images
  const service = (image: string): string =>
    `{ image: "${image}", command: ["sleep", "100000"], stop_grace_period: 0s, network_mode: none }`
  const text = `services:\n  server: ${service(server)}\n  worker: ${service(worker)}\n  cache: ${service(cache)}\n`
  const project = tinyProject(directory, text)
  await project.up()
  return {
    ...project,
    remove: async () => {
      await project.remove()
      for (const image of images) await tryCommand(["docker", "image", "rm", image])
    },
  }
}

export interface CheckPlace {
  readonly directory: string
  readonly cli: Cli
  readonly settingsFile: string
  readonly keyFile: string
  /** Where the vendor's releases are, as files. */
  readonly site: string
  readonly fingerprint: string
  /** The vendor's own command line; keys lie where it runs. */
  readonly vendor: Cli
  /** Builds, signs and publishes a release by the product's own commands. */
  publish(version: string, digit: string, more?: readonly string[], key?: string): Promise<void>
  /** Writes what stands below `updates:`, besides source and address. */
  settle(updates: Readonly<Record<string, unknown>>): Promise<void>
  /** `update check chat`: the one app in it. */
  check(): Promise<CheckedApp>
  /** Makes the vault, so that it can remember. */
  backUp(): Promise<void>
  /** As after the loss of the disk that the state is on; keys were kept elsewhere. */
  loseStore(): Promise<void>
  /** Serves what was the newest release of a channel when `keepLatest` was called. */
  keepLatest(): Promise<() => Promise<void>>
}

/** Settings that follow the signed releases of a vendor who has published nothing yet. */
export async function checkPlace(project: TinyProject, registry: string): Promise<CheckPlace> {
  const directory = await temporaryDirectory("update-check")
  const [vendorHome, site, state] = ["vendor", "vendor/site", "state"].map((name) => join(directory, name))
  if (vendorHome === undefined || site === undefined || state === undefined) throw new Error("no place")
  await mkdir(join(directory, "data"), { recursive: true })
  await mkdir(site, { recursive: true })
  await mkdir(state)
  await writeFile(join(directory, "data", "file"), "kept")
  const vendor = cliIn({ cwd: vendorHome, stateDirectory: join(vendorHome, "state"), environment: { COSIGN_PASSWORD: "correct horse" } })
  const { fingerprint } = await vendor.json(releaseKeygenOutput, ["release", "keygen", "--output", "vendor"])
  const server = await serveDirectory(site)
  onTestFinished(async () => await server.close())
  const keyFile = join(directory, "vendor.pub")
  await cp(join(vendorHome, "vendor.pub"), keyFile)
  const settingsFile = join(directory, "holdfast.yaml")
  const repositories = ["server", "worker"].map((name) => `${registry}/chat/${name}`)
  const settle = async (updates: Readonly<Record<string, unknown>>): Promise<void> =>
    await writeFile(
      settingsFile,
      settingsText(project, directory, {
        source: "manifest",
        url: server.url,
        product: "chat",
        key: "./vendor.pub",
        repositories,
        ...updates,
      }),
    )
  await settle({ keyDigest: fingerprint })
  const cli = cliIn({ cwd: directory, stateDirectory: state })
  const latest = join(site, "channels/stable")
  return {
    directory,
    cli,
    settingsFile,
    keyFile,
    site,
    fingerprint,
    vendor,
    settle,
    publish: async (version, digit, more = [], key = "vendor") => {
      const images = ["server", "worker"].flatMap((name) => ["--image", `${name}=${registry}/chat/${name}@${digest(digit)}`])
      const words = [...(more.includes("--image") ? [] : images), ...(more.includes("--channel") ? [] : ["--channel", "stable"]), ...more]
      await vendor.json(releaseBuildOutput, ["release", "build", version, "--product", "chat", "--dir", "site", ...words])
      await vendor.json(releaseSignOutput, ["release", "sign", "--key", `${key}.key`])
      await vendor.json(releasePublishOutput, ["release", "publish", "--dir", "site", "--public-key", `${key}.pub`])
    },
    check: async () => {
      const [one] = (await cli.json(updateCheckOutput, ["update", "check", "chat"])).apps
      if (one === undefined) throw new Error("no app was checked")
      return one
    },
    backUp: async () => void (await cli.json(backupOutput, ["backup", "chat"])),
    loseStore: async () => {
      for (const ending of ["", "-wal", "-shm"]) await rm(join(state, `store.sqlite${ending}`), { force: true })
    },
    keepLatest: async () => {
      const kept = join(directory, "kept")
      await cp(latest, kept, { recursive: true })
      return async () => await cp(kept, latest, { recursive: true })
    },
  }
}

/** JSON is YAML as well, but people write it like this: comments and order are to stay. */
function settingsText({ compose }: TinyProject, directory: string, updates: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(updates).flatMap(([name, value]) => (value === undefined ? [] : [`      ${name}: ${JSON.stringify(value)}`]))
  return `# written by hand
vaults:
  local: { path: ${join(directory, "vault")} }   # on this disk
apps:
  chat:
    compose: { files: ${JSON.stringify(compose.files)}, project: ${compose.projectName} }
    files: { data: { path: ./data } }
    images: never
    updates:
${lines.join("\n")}
`
}

export async function textOf(file: string): Promise<string> {
  return await readFile(file, "utf8")
}
