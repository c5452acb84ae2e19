/** A full, isolated copy of an app, made from its resolved compose configuration and torn down whatever happens (design §6). */
import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Sandbox, SandboxRequest, ServiceState } from "../../../app/ports.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Client } from "../client.ts"
import { cliError } from "../engine-error.ts"
import { execIn } from "../exec.ts"
import { OPERATION_LABEL } from "../throwaway.ts"
import { findImage } from "../images.ts"
import { removeLabelled } from "../leftovers.ts"
import { tailOfLogs } from "../logs.ts"
import { listServices } from "../service-containers.ts"
import { settling } from "../settling.ts"
import { decideBinds } from "./bind.ts"
import { writeVariables } from "./variables.ts"
import { parseDocument } from "./document.ts"
import { probe } from "./probe.ts"
import { composeArgs, writeComposeFile, type Project } from "./project.ts"
import { imageOf, includedServices, rewriteDocument, SANDBOX_NETWORK } from "./rewrite.ts"
import { runBeside } from "./run.ts"

const DATABASE_LIMIT_MS = 180_000
const POLL_MS = 200

export interface SandboxTools {
  readonly client: Client
  helperImage(ctx: RunContext): Promise<string | null>
}

/** Throws SANDBOX_REFUSED, IMAGE_MISSING, CONTAINER_FAILED, and whatever `fillDatabases` and `use` throw. */
export async function withSandbox<T>(
  tools: SandboxTools,
  request: SandboxRequest,
  use: (sandbox: Sandbox, ctx: RunContext) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  const { client } = tools
  const directory = await mkdtemp(join(request.directory, "sandbox-"))
  const name = `holdfast-sandbox-${ctx.operationId.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-")}-${randomBytes(3).toString("hex")}`
  let outcome: { value: T } | { failure: unknown }
  try {
    const project = await writeProject(client, request, name, directory, ctx)
    const sandbox = sandboxOf(tools, project)
    if (request.databaseServices.length > 0) {
      await up(client, project, request.databaseServices, ctx)
      await waitForDatabases(client, name, request.databaseServices, ctx)
    }
    await request.fillDatabases(sandbox, ctx)
    if (request.startApp !== false) await up(client, project, [], ctx)
    outcome = { value: await use(sandbox, ctx) }
  } catch (failure) {
    outcome = { failure }
  }
  const leftovers = await tearDown(client, name, directory, ctx)
  if ("failure" in outcome) {
    if (leftovers !== null) ctx.progress.warn(`the sandbox ${name} could not be removed wholly: ${leftovers.why ?? leftovers.message}`)
    throw outcome.failure
  }
  if (leftovers !== null) throw leftovers
  return outcome.value
}

/** Compose labels everything it makes with the project's name; nothing depends on its file being readable any more. */
async function tearDown(client: Client, name: string, directory: string, ctx: RunContext): Promise<HoldfastError | null> {
  try {
    await removeLabelled(client, `com.docker.compose.project=${name}`, settling(ctx))
    return null
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown
    throw thrown
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function writeProject(client: Client, request: SandboxRequest, name: string, directory: string, ctx: RunContext): Promise<Project> {
  const document = parseDocument(request.document)
  const included = includedServices(document, request)
  const labels = { [OPERATION_LABEL]: ctx.operationId }
  const binds = await decideBinds(document, included, request, directory)
  const variableFiles = await writeVariables(document, request, directory)
  const { images, volumeDirectories, environment = {} } = request
  const plan = { projectName: name, labels, included, images, volumeDirectories, binds, variableFiles, environment }
  const rewritten = rewriteDocument(document, plan)
  for (const service of included) await requireImage(client, service, imageOf(document, service, images), ctx)
  const without = request.leftOut ?? []
  const left = Object.keys(document.services).filter((service) => !included.includes(service) && !without.includes(service))
  if (left.length > 0) ctx.progress.note(`not part of the sandbox, because they did not run: ${left.join(", ")}`)
  return { name, file: await writeComposeFile(directory, "compose.json", rewritten), directory, document, rewritten }
}

async function requireImage(client: Client, service: string, image: string, ctx: RunContext): Promise<void> {
  if ((await findImage(client, image, ctx)) !== null) return
  throw new HoldfastError("IMAGE_MISSING", {
    what: `the sandbox needs image ${image} for service ${service}, and the engine does not have it`,
  })
}

/** Never builds, never pulls. */
async function up(client: Client, project: Project, services: readonly string[], ctx: RunContext): Promise<void> {
  const flags = [...composeArgs(project, project.file, "plain"), "up", "--detach", "--no-build", "--pull", "never", "--", ...services]
  const result = await client.compose(flags, ctx, { cwd: project.directory })
  if (result.exitCode !== 0) throw cliError("CONTAINER_FAILED", "the sandbox did not come up", result.stderrTail)
}

async function waitForDatabases(client: Client, name: string, services: readonly string[], ctx: RunContext): Promise<void> {
  const limit = ctx.clock.monotonicMs() + DATABASE_LIMIT_MS
  for (;;) {
    const states = (await listServices(client, name, ctx)).filter(({ service }) => services.includes(service))
    if (services.every((service) => states.some((state) => state.service === service && isReady(state)))) return
    const ended = states.find(({ state, health }) => state === "exited" || state === "dead" || health === "unhealthy")
    if (ended !== undefined || ctx.clock.monotonicMs() > limit) {
      const late = ended ?? states.find((state) => !isReady(state))
      throw new HoldfastError("CONTAINER_FAILED", {
        what: `database service ${late?.service ?? services.join(", ")} did not become ready in the sandbox`,
        ...(late === undefined ? {} : { why: await tailOfLogs(client, late.containerId, 20, ctx) }),
      })
    }
    await ctx.clock.sleep(POLL_MS, ctx.signal)
  }
}

function isReady({ state, health }: ServiceState): boolean {
  return state === "running" && (health === null || health === "healthy")
}

function sandboxOf(tools: SandboxTools, project: Project): Sandbox {
  const { client } = tools
  const containerOf = async (service: string, ctx: RunContext): Promise<string> => {
    const found = (await listServices(client, project.name, ctx)).find((state) => state.service === service)
    if (found === undefined) throw new HoldfastError("COMPOSE_SERVICE_MISSING", { what: `the sandbox has no service ${service}` })
    return found.containerId
  }
  return {
    projectName: project.name,
    services: async (ctx) => await listServices(client, project.name, ctx),
    run: async (service, argv, options, ctx) => await runBeside(client, project, service, argv, options, ctx),
    startRest: async (ctx) => await up(client, project, [], ctx),
    exec: async (service, argv, options, ctx) => await execIn(client, await containerOf(service, ctx), argv, options, ctx),
    probe: async (service, port, path, ctx) => {
      const mode = project.document.services[service]?.network_mode ?? ""
      const host = mode.startsWith("service:") ? mode.slice("service:".length) : service
      const network = `${project.name}_${SANDBOX_NETWORK}`
      const target = { service, containerId: await containerOf(service, ctx), host, network, port, path }
      return await probe(client, await tools.helperImage(ctx), target, ctx)
    },
  }
}
