/** Composition root: the only place that knows the process it runs in and introduces tools to rooms. */
import { existsSync } from "node:fs"
import { hostname } from "node:os"
import { dirname, join } from "node:path"
import type { ContainerEngine, DatabaseEngines } from "./app/ports.ts"
import { systemClock } from "./base/clock.ts"
import { HoldfastError } from "./base/errors.ts"
import type { Store } from "./operation/ports.ts"
import type { ReleaseSources } from "./release/ports.ts"
import { runCli } from "./surface/cli/cli.ts"
import type { CliSurroundings } from "./surface/cli/cli-house.ts"
import type { HouseTools } from "./surface/house/house.ts"
import type { Terminal } from "./surface/cli/terminal.ts"
import type { Processes } from "./tool/process/process.ts"
import packageFile from "../package.json" with { type: "json" }

export interface MainOptions {
  /** Lets a test stand between the program and its journal. */
  readonly wrapStore?: (store: Store) => Store
}

const SCRATCH = "scratch"

/** Runs the program on this process's command line and resolves to its exit code. */
export async function main(options: MainOptions = {}): Promise<number> {
  const interrupt = new AbortController()
  const release = listenForSignals(interrupt)
  try {
    return await runCli(process.argv.slice(2), surroundings(interrupt.signal, options))
  } finally {
    release()
  }
}

function surroundings(signal: AbortSignal, options: MainOptions): CliSurroundings {
  return {
    version: packageFile.version,
    environment: process.env,
    cwd: process.cwd(),
    hostName: hostname(),
    isRoot: process.getuid?.() === 0,
    sqliteVersion: process.versions.sqlite ?? "unknown",
    nodeBinary: process.execPath,
    programDirectory: dirname(import.meta.dirname),
    clock: systemClock,
    terminal: terminal(),
    signal,
    tools: (stateDirectory) => createHouseTools(stateDirectory, options),
  }
}

function createHouseTools(stateDirectory: string, options: MainOptions): HouseTools {
  const host = once(async () => {
    const [{ createHostIdentity }, { lifeLocks }] = await Promise.all([
      import("./tool/process/host.ts"),
      import("./tool/process/life-lock.ts"),
    ])
    return createHostIdentity({ hostName: hostname(), processId: process.pid, locks: lifeLocks(join(stateDirectory, "alive")) })
  })
  const store = once(async () => {
    const [{ openSqliteStore }, { removeDeadRuns }] = await Promise.all([
      import("./tool/store/store.ts"),
      import("./tool/process/run-directory.ts"),
    ])
    // The next command after a kill cleans up, whether it needs a directory of its own or not.
    await removeDeadRuns(join(stateDirectory, SCRATCH), await host.get())
    const opened = await openSqliteStore(join(stateDirectory, "store.sqlite"), { host: await host.get(), clock: systemClock })
    return options.wrapStore?.(opened) ?? opened
  })
  const processes = once(createProcessRoom)
  const scratch = once(async () => await makeScratch(stateDirectory))
  // Apart from what belongs to an operation, which settling removes: whatever a tool keeps for the time of one call.
  const own = once(async () => {
    const { openRunDirectory } = await import("./tool/process/run-directory.ts")
    return await openRunDirectory(await scratch.get(), await host.get())
  })
  const containers = once(async () => {
    const { createDocker } = await import("./tool/docker/docker.ts")
    const composeBinary = findProgram([
      "/usr/libexec/docker/cli-plugins/docker-compose",
      "/usr/local/bin/docker-compose",
      "/usr/bin/docker-compose",
    ])
    const { path: scratchDirectory } = await own.get()
    return createDocker({
      processes: await processes.get(),
      dockerBinary: "docker",
      composeBinary,
      environment: childEnvironment(),
      scratchDirectory,
    })
  })
  const databases = once(async () => await createEngines(await processes.get(), containers.get, (await own.get()).path, stateDirectory))
  return {
    host: host.get,
    store: store.get,
    commands: async () => (await import("./tool/process/command-runner.ts")).createCommandRunner(await processes.get()),
    prober: async () => (await import("./tool/probe/probe.ts")).createProber({ processes: await processes.get() }),
    backend: async () => {
      const { createRestic } = await import("./tool/restic/restic.ts")
      return createRestic({ processes: await processes.get(), binary: "restic", scratchDirectory: (await own.get()).path })
    },
    databases: databases.get,
    containers: containers.get,
    salvager: async () => {
      const { createSqliteSalvager } = await import("./tool/engine/sqlite/recover.ts")
      const { path: scratchDirectory } = await own.get()
      return createSqliteSalvager({ processes: await processes.get(), scratchDirectory, nodeBinary: process.execPath })
    },
    notifier: async () => (await import("./tool/notify/notify.ts")).createNotifier(),
    releases: openReleases,
    registry: async (credentials) => (await import("./tool/registry/registry.ts")).createImageRegistry({ credentials }),
    sources: async () => {
      const { createGit } = await import("./tool/git/git.ts")
      const directory = join(stateDirectory, "sources")
      return createGit({ processes: await processes.get(), binary: "git", directory, isRoot: process.getuid?.() === 0 })
    },
    scratchDirectory: scratch.get,
    close: async () => {
      // What could not be opened was told where it was needed, and there is nothing of it to give back.
      const nothing = (): void => undefined
      await own.made()?.then(async (directory) => await directory.remove(), nothing)
      await store.made()?.then(async (opened) => await opened.close(), nothing)
    },
  }
}

async function openReleases(): Promise<ReleaseSources> {
  const [{ createReleaseSources }, place] = await Promise.all([
    import("./tool/release-source/release-source.ts"),
    import("./release/place.ts"),
  ])
  return createReleaseSources({
    latest: place.latestFile,
    issue: place.issueFile,
    announcement: place.ANNOUNCEMENT_FILE,
    publicKey: place.PUBLIC_KEY_FILE,
    signatureEnding: place.SIGNATURE_ENDING,
    bundleEnding: place.BUNDLE_ENDING,
  })
}

async function createEngines(
  processes: Processes,
  containers: () => Promise<ContainerEngine>,
  scratchDirectory: string,
  stateDirectory: string,
): Promise<DatabaseEngines> {
  const [{ createPostgresEngine }, { createSqliteEngine }, { createCommandEngine }, { createEngineTable }] = await Promise.all([
    import("./tool/engine/postgres/postgres.ts"),
    import("./tool/engine/sqlite/sqlite.ts"),
    import("./tool/engine/command/command.ts"),
    import("./tool/engine/table.ts"),
  ])
  return createEngineTable({
    postgres: createPostgresEngine({ processes, containers: await containers(), scratchDirectory }),
    sqlite: createSqliteEngine({ processes, scratchDirectory, nodeBinary: process.execPath }),
    command: createCommandEngine({ processes, directory: join(stateDirectory, "command-dumps") }),
  })
}

async function makeScratch(stateDirectory: string): Promise<string> {
  const { mkdir } = await import("node:fs/promises")
  const directory = join(stateDirectory, SCRATCH)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return directory
}

function findProgram(paths: readonly string[]): string | null {
  return paths.find((path) => existsSync(path)) ?? null
}

/** What children may see of our environment: enough to find programs, the engine and the network; nothing else (P5). */
const CHILD_ENVIRONMENT =
  "PATH HOME USER LOGNAME TZ TMPDIR XDG_RUNTIME_DIR XDG_CONFIG_HOME SSH_AUTH_SOCK " +
  "DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY DOCKER_API_VERSION " +
  "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR"

function childEnvironment(): Record<string, string> {
  const environment: Record<string, string> = { LC_ALL: "C.UTF-8" }
  for (const name of CHILD_ENVIRONMENT.split(" ")) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}

async function createProcessRoom(): Promise<Processes> {
  const { createProcesses } = await import("./tool/process/process.ts")
  const setpriv = findProgram(["/usr/bin/setpriv", "/bin/setpriv"])
  return createProcesses({ environment: childEnvironment(), clock: systemClock, setpriv })
}

/** Built when it is first asked for, and then the same one; `made` tells whether that has happened. */
function once<T>(make: () => Promise<T>): { get: () => Promise<T>; made: () => Promise<T> | null } {
  let made: Promise<T> | null = null
  return { get: async () => await (made ??= make()), made: () => made }
}

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * The first signal cancels cleanly: what has begun is undone or finished, the app runs again. A second one only says so. A third ends
 * the program at once, which is safe as well: the next command settles.
 */
function listenForSignals(interrupt: AbortController): () => void {
  let seen = 0
  const onSignal = (signal: NodeJS.Signals): void => {
    seen += 1
    if (seen === 1) interrupt.abort(new HoldfastError("OPERATION_CANCELLED", { what: "interrupted", why: `${signal} was received` }))
    if (seen === 2) process.stderr.write("\nstill putting things back as they were; once more to leave it to the next command\n")
    if (seen >= 3) process.exit(130)
  }
  for (const signal of INTERRUPTS) process.on(signal, onSignal)
  return () => {
    for (const signal of INTERRUPTS) process.off(signal, onSignal)
  }
}

function terminal(): Terminal {
  const { stdin, stdout, stderr } = process
  return {
    print: async (text) => {
      await new Promise<void>((resolve, reject) => {
        stdout.write(text, (error) => (error && !isClosedPipe(error) ? reject(error) : resolve()))
      })
    },
    say: (text) => void stderr.write(text),
    redraws: stderr.isTTY,
    asks: stdin.isTTY && stderr.isTTY,
    columns: stderr.columns ?? 80,
    ask: async (question, signal) => {
      const { createInterface } = await import("node:readline/promises")
      const lines = createInterface({ input: stdin, output: stderr })
      try {
        return await lines.question(question, { signal })
      } finally {
        lines.close()
      }
    },
  }
}

/** Whoever reads our output may stop reading (`| head`); that is not a failure. */
function isClosedPipe(error: Error): boolean {
  return "code" in error && error.code === "EPIPE"
}

if (import.meta.main) {
  process.stdout.on("error", (error: Error) => {
    if (!isClosedPipe(error)) throw error
  })
  process.exitCode = await main()
}
