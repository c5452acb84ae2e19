/** A Chatalot-shaped install that runs and was never adopted, its vendor with a registry and signed releases, and Holdfast beside it. */
import { createHash } from "node:crypto"
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { releaseBuildOutput, releaseKeygenOutput, releasePublishOutput, releaseSignOutput } from "../../src/contract/output-release.ts"
import { halfPrepared, notDefined } from "../fixture/adopt/compose-files.ts"
import { pushRelease, removeVendorImages, vendorImages, type VendorImages } from "../fixture/adopt/images.ts"
import { makeChatProject, type ChatProject } from "../fixture/chat-app/project.ts"
import { registryServer, type RegistryServer } from "../fixture/registry/server.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { serveDirectory, type Site } from "../fixture/versioned-app/site.ts"
import { removeProject } from "./chat-world.ts"
import { cliIn, type Cli } from "./cli.ts"

export interface AdoptWorld {
  readonly directory: string
  readonly project: ChatProject
  readonly registry: RegistryServer
  readonly images: VendorImages
  readonly site: Site
  readonly keyFile: string
  readonly cli: Cli
  /** Compose file, secrets folder and settings as they were written, for a fresh start. */
  fresh(point: "not-defined" | "defined"): Promise<void>
  /** Builds, pushes, signs and publishes. */
  publish(version: string, options: Parameters<typeof pushRelease>[3]): Promise<void>
  /** Every file of the project's folder that an adoption may touch, with content, mode and owner. */
  files(): Promise<Readonly<Record<string, string>>>
  dispose(): Promise<void>
}

export async function adoptWorld(name = "adopt"): Promise<AdoptWorld> {
  const directory = await newDirectory(name)
  const [vendorHome, siteDirectory, registryDirectory] = ["vendor", "vendor/site", "registry"].map((each) => join(directory, each))
  if (vendorHome === undefined || siteDirectory === undefined || registryDirectory === undefined) throw new Error("no place")
  for (const each of [siteDirectory, registryDirectory]) await mkdir(each, { recursive: true })
  const registry = await registryServer({ directory: registryDirectory })
  await registry.start()
  const vendorCli = cliIn({ cwd: vendorHome, stateDirectory: join(vendorHome, "state"), environment: { COSIGN_PASSWORD: "correct horse" } })
  const { fingerprint } = await vendorCli.json(releaseKeygenOutput, ["release", "keygen", "--output", "vendor"])
  const site = await serveDirectory(siteDirectory)
  const project = await makeChatProject(join(directory, "app"), { appVersion: "0.24.5", name })
  const images = vendorImages(registry.name)
  const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state") })
  await mkdir(join(directory, "state"), { recursive: true })
  return {
    directory,
    project,
    registry,
    images,
    site,
    keyFile: join(vendorHome, "vendor.pub"),
    cli,
    fresh: async (point) => {
      const socket = (process.env["DOCKER_HOST"] ?? "").replace("unix://", "") || "/var/run/docker.sock"
      const text = point === "defined" ? halfPrepared(images, socket) : notDefined
      await writeFile(join(project.directory, "docker-compose.yml"), text, { mode: 0o640 })
      for (const secret of ["updater_token", "cosign_pub", "registry_creds"])
        await rm(join(project.directory, "secrets", secret), { force: true })
      if (point === "defined")
        for (const secret of ["updater_token", "cosign_pub"])
          await writeFile(join(project.directory, "secrets", secret), "", { mode: 0o600 })
      await writeFile(join(directory, "holdfast.yaml"), settings(directory, project, images, site.url, fingerprint))
    },
    publish: async (version, options) => {
      const digests = await pushRelease(images, project.directory, version, options)
      const named = [
        `server=${images.server}@${digests.server}`,
        `updater=${images.updater}@${digests.updater}`,
        `socket-proxy=${images.proxy}@${digests.proxy}`,
      ]
      const words = ["--product", "chatalot", ...named.flatMap((image) => ["--image", image]), "--channel", "stable", "--dir", "site"]
      await vendorCli.json(releaseBuildOutput, ["release", "build", version, ...words])
      await vendorCli.json(releaseSignOutput, ["release", "sign", "--key", "vendor.key"])
      await vendorCli.json(releasePublishOutput, ["release", "publish", "--dir", "site", "--public-key", "vendor.pub"])
    },
    files: async () => await filesOf(directory, project.directory),
    dispose: async () => {
      await removeProject(project)
      await removeVendorImages(registry.name)
      await registry.stop()
      await site.close()
      await removeTree(directory)
    },
  }
}

/** With comments, which an edit has to keep; the address of the vendor stands above what the recipe knows. */
function settings(directory: string, project: ChatProject, images: VendorImages, url: string, fingerprint: string): string {
  return `# Ann's settings
vaults:
  local: { path: ${directory}/vault }
apps:
  chat:
    recipe: chatalot   # known
    compose: { files: ./app/docker-compose.yml, project: ${project.name} }
    images: auto
    health: { url: "${project.url}/api/health", expect: { status: ok, db_healthy: true }, version: version, timeout: 2m }
    updates:
      source: manifest
      url: "${url}"
      key: ./app/secrets/cosign_pub
      keyDigest: "${fingerprint}"
      repositories: [ "${images.server}", "${images.updater}", "${images.proxy}" ]
      timeout: 60s
    # that is all
`
}

async function filesOf(directory: string, project: string): Promise<Readonly<Record<string, string>>> {
  const secrets = (await readdir(join(project, "secrets"))).map((name) => join(project, "secrets", name))
  const top = (await readdir(project))
    .filter((name) => /^\.?(docker-)?compose|^\.env|^\.docker|holdfast/.test(name))
    .map((name) => join(project, name))
  const all = [join(directory, "holdfast.yaml"), join(project, "secrets"), ...top, ...secrets]
  const entries = await Promise.all(
    all.map(async (path): Promise<[string, string]> => [path.slice(directory.length + 1), await look(path)]),
  )
  return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

async function look(path: string): Promise<string> {
  const { mode, uid, gid } = await lstat(path)
  const digest = (await lstat(path)).isDirectory()
    ? "directory"
    : createHash("sha256")
        .update(await readFile(path))
        .digest("hex")
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid} ${digest}`
}
