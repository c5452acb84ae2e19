/** Updates without the command line: the real tools and the app of a world's settings, for plans that no search has found. */
import { existsSync } from "node:fs"
import { hostname } from "node:os"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { loadRecipes } from "../../src/app/load-recipes.ts"
import { locateApp, type LocatedApp } from "../../src/app/locate.ts"
import type { App } from "../../src/app/app.ts"
import { systemClock } from "../../src/base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../../src/base/run-context.ts"
import type { ContextBase } from "../../src/operation/run-operation.ts"
import { loadSettings } from "../../src/settings/settings.ts"
import { resolveApp } from "../../src/settings/resolve.ts"
import { vaultLocation } from "../../src/settings/vault-location.ts"
import { createDocker } from "../../src/tool/docker/docker.ts"
import { createCommandEngine } from "../../src/tool/engine/command/command.ts"
import { createPostgresEngine } from "../../src/tool/engine/postgres/postgres.ts"
import { createSqliteEngine } from "../../src/tool/engine/sqlite/sqlite.ts"
import { createEngineTable } from "../../src/tool/engine/table.ts"
import { createProber } from "../../src/tool/probe/probe.ts"
import { createCommandRunner } from "../../src/tool/process/command-runner.ts"
import { createHostIdentity } from "../../src/tool/process/host.ts"
import { createProcesses } from "../../src/tool/process/process.ts"
import { createRestic } from "../../src/tool/restic/restic.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { createGit } from "../../src/tool/git/git.ts"
import type { UpdateTools } from "../../src/update/ports.ts"
import { openVault, type OpenVault } from "../../src/vault/vault.ts"

export interface InProcess {
  readonly tools: UpdateTools
  readonly declared: App
  readonly app: LocatedApp
  readonly vault: OpenVault
  /** What was noted and warned of, in order. */
  readonly said: string[]
  base(signal?: AbortSignal): ContextBase
  readonly ctx: RunContext
  close(): Promise<void>
}

/**
 * @param place where `holdfast.yaml` and the state directory of a command line are
 * @param engine the value of DOCKER_HOST
 */
export async function inProcess(
  place: { readonly cwd: string; readonly stateDirectory: string },
  name: string,
  engine = process.env["DOCKER_HOST"],
): Promise<InProcess> {
  const host = createHostIdentity({ hostName: hostname(), processId: process.pid })
  const { PATH = "" } = process.env
  const environment = { PATH, HOME: place.stateDirectory, LC_ALL: "C.UTF-8", ...(engine === undefined ? {} : { DOCKER_HOST: engine }) }
  const processes = createProcesses({ environment, clock: systemClock, setpriv: "/usr/bin/setpriv" })
  const scratchDirectory = join(place.stateDirectory, "scratch")
  const own = join(place.stateDirectory, "own")
  for (const directory of [scratchDirectory, own]) await mkdir(directory, { recursive: true, mode: 0o700 })
  const plugin = "/usr/libexec/docker/cli-plugins/docker-compose"
  const composeBinary = existsSync(plugin) ? plugin : "docker-compose"
  const containers = createDocker({ processes, dockerBinary: "docker", composeBinary, environment, scratchDirectory: own })
  const databases = createEngineTable({
    postgres: createPostgresEngine({ processes, containers, scratchDirectory: own }),
    sqlite: createSqliteEngine({ processes, scratchDirectory: own, nodeBinary: process.execPath }),
    command: createCommandEngine({ processes, directory: join(place.stateDirectory, "command-dumps") }),
  })
  const tools: UpdateTools = {
    host,
    store: await openSqliteStore(join(place.stateDirectory, "store.sqlite"), { host, clock: systemClock }),
    commands: createCommandRunner(processes),
    prober: createProber({ processes }),
    backend: createRestic({ processes, binary: "restic", scratchDirectory: own }),
    databases,
    containers,
    sources: createGit({ processes, binary: "git", directory: join(place.stateDirectory, "sources"), isRoot: true }),
    scratchDirectory,
    holdfastVersion: "0.0.0-test",
  }
  const said: string[] = []
  const progress = { ...silentProgress, note: (text: string) => void said.push(text), warn: (text: string) => void said.push(text) }
  const base = (signal = new AbortController().signal): ContextBase => ({ signal, progress, log: silentLog, clock: systemClock })
  const ctx = { ...base(), operationId: "look" }
  const settings = loadSettings(join(place.cwd, "holdfast.yaml"), environment)
  const declared = resolveApp(settings, name, { environment, recipes: loadRecipes(join(import.meta.dirname, "../../recipes")) })
  const location = vaultLocation(settings, declared.vaults[0] ?? "", { stateDirectory: place.stateDirectory, forExpiry: false })
  return {
    tools,
    declared,
    app: await locateApp(declared, containers, ctx),
    vault: await openVault({ backend: tools.backend, store: tools.store }, location, { create: false }, ctx),
    said,
    base,
    ctx,
    close: async () => await tools.store.close(),
  }
}
