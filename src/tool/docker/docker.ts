/** Docker and Compose: services, helper containers, images, volumes and sandboxes, by the engine's API and its CLI. */
import { z } from "zod"
import type { Processes } from "../process/process.ts"
import type { Argv } from "../../app/app.ts"
import type { ContainerEngine } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"
import { createClient, type Client } from "./client.ts"
import { down, readComposeModel, up } from "./compose.ts"
import { buildImages } from "./build.ts"
import { configHashes } from "./config-hashes.ts"
import { cliError } from "./engine-error.ts"
import { execIn } from "./exec.ts"
import { OPERATION_LABEL, removeContainer, runHelper } from "./throwaway.ts"
import { findImage, imageNames, loadImage, saveImage, tagImage, untagImage } from "./images.ts"
import { listLabelled, removeLabelled } from "./leftovers.ts"
import { tailOfLogs } from "./logs.ts"
import { isSeenHere, ownContainer, startBeside } from "./own-container.ts"
import { pullImage } from "./pull-image.ts"
import { enginePlatform } from "./platform.ts"
import { findHelperImage } from "./sandbox/probe-image.ts"
import { removeServices } from "./remove-services.ts"
import { runOnce } from "./run-once.ts"
import { withSandbox } from "./sandbox/sandbox.ts"
import { listServices, projectsIn } from "./service-containers.ts"
import { startServices, stopServices } from "./stop-and-start.ts"
import { createNetwork } from "./networks.ts"
import { createVolume, volumePath } from "./volumes.ts"

export interface DockerOptions {
  readonly processes: Processes
  /** `docker`, by name or absolute path. */
  readonly dockerBinary: string
  /** A `docker-compose` of version 2; null when Compose is a plugin of the `docker` CLI. */
  readonly composeBinary: string | null
  /** Allow-listed: PATH, HOME, DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_CONFIG. */
  readonly environment: Readonly<Record<string, string>>
  /** A private directory of ours for short-lived files. */
  readonly scratchDirectory: string
  /** An image with `busybox` for probes in a sandbox; null: made from the host's own busybox, else the app's containers probe themselves. */
  readonly helperImage?: string | null
}

const versionSchema = z.object({ Version: z.string() })

/** Builds the room. Asks and loads nothing until the first call. */
export function createDocker(options: DockerOptions): ContainerEngine {
  const { processes, dockerBinary, environment, scratchDirectory } = options
  const compose: Argv = options.composeBinary === null ? [dockerBinary, "compose"] : [options.composeBinary]
  const client = createClient({ processes, dockerBinary, compose, environment, scratchDirectory })
  const helperImage = async (ctx: RunContext): Promise<string | null> =>
    await findHelperImage(client, processes, options.helperImage ?? null, ctx)
  return {
    version: async (ctx) => await versions(client, ctx),
    platform: async (ctx) => await enginePlatform(client, ctx),
    compose: async (project, ctx) => await readComposeModel(client, project, ctx),
    services: async (projectName, ctx) => await listServices(client, projectName, ctx),
    configHashes: async (project, ctx) => await configHashes(client, project, ctx),
    projectsIn: async (projectDirectory, ctx) => await projectsIn(client, projectDirectory, ctx),
    stopServices: async (projectName, services, graceSeconds, ctx) => await stopServices(client, projectName, services, graceSeconds, ctx),
    startServices: async (stopped, ctx) => await startServices(client, stopped, ctx),
    up: async (project, services, upOptions, ctx) => await up(client, project, services, upOptions, ctx),
    runOnce: async (project, service, argv, runOptions, ctx) => await runOnce(client, project, service, argv, runOptions, ctx),
    down: async (project, downOptions, ctx) => await down(client, project, downOptions, ctx),
    removeServices: async (projectName, services, networks, ctx) => await removeServices(client, projectName, services, networks, ctx),
    exec: async (containerId, argv, execOptions, ctx) => await execIn(client, containerId, argv, execOptions, ctx),
    runHelper: async (helper, ctx) => await runHelper(client, helper, ctx),
    logs: async (containerId, tailLines, ctx) => await tailOfLogs(client, containerId, tailLines, ctx),
    volumePath: async (realName, ctx) => await volumePath(client, realName, ctx),
    createVolume: async (realName, labels, ctx) => await createVolume(client, realName, labels, ctx),
    createNetwork: async (realName, ctx) => await createNetwork(client, realName, ctx),
    imagePresent: async (reference, ctx) => (await findImage(client, reference, ctx)) !== null,
    imageNames: async (repository, ctx) => await imageNames(client, repository, ctx),
    build: async (project, request, ctx) => await buildImages(client, project, request, ctx),
    pullImage: async (reference, ctx) => await pullImage(client, reference, ctx),
    saveImage: async (imageId, sink, ctx) => await saveImage(client, imageId, sink, ctx),
    loadImage: async (source, imageId, reference, ctx) => await loadImage(client, source, imageId, reference, ctx),
    tagImage: async (imageId, reference, ctx) => await tagImage(client, imageId, reference, ctx),
    untagImage: async (reference, ctx) => await untagImage(client, reference, ctx),
    sandbox: async (request, use, ctx) => await withSandbox({ client, helperImage }, request, use, ctx),
    leftovers: async (ctx) => await listLabelled(client, OPERATION_LABEL, ctx),
    own: async (ctx) => await ownContainer(client, ctx),
    isSeenHere: async (hostPath, ctx) => await isSeenHere(client, hostPath, ctx),
    startBeside: async (own, request, ctx) => await startBeside(client, own, request, ctx),
    removeContainer: async (id, ctx) => void (await removeContainer(client, id, ctx)),
    removeLeftovers: async (operationId, ctx) => await removeLabelled(client, `${OPERATION_LABEL}=${operationId}`, ctx),
  }
}

async function versions(client: Client, ctx: RunContext): Promise<{ engine: string; compose: string }> {
  const shown: unknown = await client.call(
    "cannot ask the engine for its version",
    ctx,
    async (api): Promise<unknown> => await api.version(),
  )
  const compose = await client.compose(["version", "--short"], ctx)
  if (compose.exitCode !== 0) throw cliError("TOOL_MISSING", "docker compose does not run", compose.stderrTail)
  return { engine: versionSchema.parse(shown).Version, compose: compose.stdout.trim() }
}
