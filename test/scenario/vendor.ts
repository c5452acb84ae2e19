/** The vendor of the app with versions: keys, images in a registry, and releases that are published by our own commands. */
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { releaseBuildOutput, releaseKeygenOutput, releasePublishOutput, releaseSignOutput } from "../../src/contract/output-release.ts"
import { appImages, type AppImages } from "../fixture/versioned-app/images.ts"
import { registryServer, type RegistryServer } from "../fixture/registry/server.ts"
import { serveDirectory, type Site } from "../fixture/versioned-app/site.ts"
import { versionFacts, type Version } from "../fixture/versioned-app/versions.ts"
import { cliIn, type Cli } from "./cli.ts"

export const PRODUCT = "shop"

export interface Vendor {
  readonly registry: RegistryServer
  readonly images: AppImages
  /** Where the channels are. */
  readonly site: Site
  readonly publicKey: string
  readonly fingerprint: string
  /** Builds, pushes, signs and publishes a version in `stable`; resolves to the digest of its image. */
  publish(version: Version): Promise<string>
  /** Withdraws it. */
  yank(version: Version): Promise<void>
  dispose(): Promise<void>
}

/**
 * A vendor with nothing published yet.
 * @param host of the engine that builds and pushes; the one that DOCKER_HOST names when left out
 */
export async function startVendor(
  directory: string,
  options: { readonly host?: string; readonly networkFile?: string } = {},
): Promise<Vendor> {
  const [home, site, data] = ["vendor", "vendor/site", "registry"].map((name) => join(directory, name))
  if (home === undefined || site === undefined || data === undefined) throw new Error("no place")
  for (const each of [site, data]) await mkdir(each, { recursive: true })
  const registry = await registryServer({
    directory: data,
    ...(options.networkFile === undefined ? {} : { networkFile: options.networkFile }),
  })
  await registry.start()
  const images = appImages(registry, options.host)
  const cli = cliIn({ cwd: home, stateDirectory: join(home, "state"), environment: { COSIGN_PASSWORD: "correct horse" } })
  const { fingerprint } = await cli.json(releaseKeygenOutput, ["release", "keygen", "--output", "vendor"])
  const server = await serveDirectory(site)
  return {
    registry,
    images,
    site: server,
    publicKey: join(home, "vendor.pub"),
    fingerprint,
    publish: async (version) => {
      const digest = await images.push(version)
      await publish(cli, home, `${images.repository}@${digest}`, version)
      return digest
    },
    yank: async (version) =>
      void (await cli.json(releasePublishOutput, ["release", "yank", version, "--dir", "site", "--key", "vendor.key"])),
    dispose: async () => {
      await images.remove()
      await registry.stop()
      await server.close()
    },
  }
}

async function publish(cli: Cli, home: string, image: string, version: Version): Promise<void> {
  const facts = versionFacts(version)
  await writeFile(join(home, "notes.md"), facts.notes)
  const from = facts.upgradesFrom === undefined ? [] : ["--upgrades-from", facts.upgradesFrom]
  const commands = facts.commands ? ["--pre-flight", "web: node app.mjs pre-flight", "--migrate", "web: node app.mjs migrate"] : []
  const both = ["--image", `web=${image}`, "--image", `worker=${image}`]
  const schema = ["--schema-version", String(facts.behaviour.schema), "--notes-file", "notes.md"]
  const place = ["--channel", "stable", "--dir", "site"]
  const words = ["--product", PRODUCT, ...both, ...from, ...commands, ...schema, ...place]
  await cli.json(releaseBuildOutput, ["release", "build", version, ...words])
  await cli.json(releaseSignOutput, ["release", "sign", "--key", "vendor.key"])
  await cli.json(releasePublishOutput, ["release", "publish", "--dir", "site", "--public-key", "vendor.pub"])
}
