/** What the app room and the verbs ask of the outside world. Implemented under `tool/`, introduced by `main.ts`. */
import type { RunContext } from "../base/run-context.ts"
import type { Secret } from "../base/secret.ts"
import type { Argv, ComposeProject, DatabaseSource } from "./app.ts"
import type { ComposeModel, ServiceState } from "./compose-ports.ts"
import type {
  DatabaseCapture,
  DatabaseFacts,
  DatabaseInspection,
  DatabaseShape,
  DumpSink,
  DumpSource,
  OtherDatabase,
  SchemaQueries,
  Session,
  StagedDatabase,
} from "./database-ports.ts"
import type { TableRestore } from "./table-ports.ts"

export * from "./compose-ports.ts"
export * from "./database-ports.ts"

/** Names for one replacement, made by `planNames` before anything changes and journaled, so that settling finds them. */
export interface ReplacementNames {
  readonly live: string
  readonly staged: string
  readonly kept: string
  /** Where the replaced state goes when it is swapped back. */
  readonly failed: string
}

/**
 * One database engine. The same algorithm (capture, check, stage, swap, swap back, drop) for each;
 * a new engine is a folder under `tool/engine/` with the same file names that passes the contract suite.
 */
export interface DatabaseEngine<Source extends DatabaseSource = DatabaseSource> {
  readonly engine: Source["engine"]
  /** Ending of the part's file in the vault: `dump`, `sqlite`. */
  readonly extension: string
  inspect(source: Source, ctx: RunContext): Promise<DatabaseInspection>
  /** What else the server holds, without what Holdfast keeps beside; for engines whose servers hold several databases. */
  otherDatabases?(source: Source, ctx: RunContext): Promise<readonly OtherDatabase[]>
  /** One consistent capture into the sink; resolves only if every child exited 0 and facts are of the dump's own moment. */
  capture(source: Source, sink: DumpSink, schema: SchemaQueries | null, ctx: RunContext): Promise<DatabaseCapture>
  /** Facts of the live database (`name` null) or of another one beside it. */
  facts(source: Source, name: string | null, schema: SchemaQueries | null, ctx: RunContext): Promise<DatabaseFacts>
  /**
   * Reads a dump to its end without restoring it; throws DUMP_TRUNCATED or DUMP_DAMAGED. Returns the names of the tables in it.
   * @param made by which server it was made: its image is used when this machine's programs are too old to read the dump
   */
  checkDump(
    dump: DumpSource,
    ctx: RunContext,
    made?: { readonly engineVersion: string; readonly image: string | null },
  ): Promise<{ tables: readonly string[] }>
  planNames(source: Source, operationId: string): ReplacementNames
  /** Restores into a new database beside the live one, never touching it; stops at the first error. */
  stage(
    source: Source,
    name: string,
    dump: DumpSource,
    shape: DatabaseShape,
    schema: SchemaQueries | null,
    ctx: RunContext,
  ): Promise<StagedDatabase>
  /** Runs a query that gives text columns on the live (`null`) or another database; for references and key proofs. */
  query(source: Source, name: string | null, sql: string, ctx: RunContext): Promise<readonly (readonly (string | null)[])[]>
  /** Sessions other than ours on the live database. */
  sessions(source: Source, ctx: RunContext): Promise<readonly Session[]>
  /** live becomes kept, staged becomes live; in one step that a crash cannot halve. Repeating it is harmless. */
  swapIn(source: Source, names: ReplacementNames, ctx: RunContext): Promise<void>
  /** live becomes failed, kept becomes live. Repeating it is harmless. */
  swapBack(source: Source, names: ReplacementNames, ctx: RunContext): Promise<void>
  /** Which of the names exist now; settling decides from this, not from memory. */
  observe(
    source: Source,
    names: ReplacementNames,
    ctx: RunContext,
  ): Promise<{ live: boolean; staged: boolean; kept: boolean; failed: boolean }>
  /**
   * Copies the live database, whose writers were stopped, beside itself under `name`, with owner, settings and grants; the live one is
   * not changed and never closed. Sessions that are left are ended. `name` is there only when the copy is whole: until then it has
   * another name, under which a half-made one of an earlier try is replaced, and which `endSessions` and `drop` remove. Throws
   * DATABASE_IN_USE naming sessions that stay, DATABASE_RENAME_REFUSED where the role may not make databases, TARGET_NOT_EMPTY over
   * a whole copy, SPACE_MISSING. An engine without it is kept by a cold point.
   */
  cloneBeside?(source: Source, name: string, ctx: RunContext): Promise<{ readonly sizeBytes: number }>
  /** Whether `cloneBeside` would be allowed, and how much room the copy takes; nothing is changed. */
  canClone?(source: Source, ctx: RunContext): Promise<{ readonly possible: boolean; readonly why: string; readonly sizeBytes: number }>
  /** Whether `refill` would be allowed: everything in the live database could be dropped by this role, and comes back from a dump. */
  canRefill?(source: Source, ctx: RunContext): Promise<{ readonly possible: boolean; readonly why: string }>
  /**
   * Empties the live database, whose writers were stopped, and fills it from the dump; needs neither the right to make databases nor room for
   * another one. Cut off, it leaves half a database: repeating it begins anew. Throws DATABASE_RESTORE_FAILED and what staging throws.
   */
  refill?(source: Source, dump: DumpSource, schema: SchemaQueries | null, ctx: RunContext): Promise<DatabaseFacts>
  /**
   * Lets a role log in: restored roles come back without. For the server of a sandbox alone, reached as the user that the server was made with.
   * @param password null: none is set
   */
  allowLogin?(source: Source, role: string, password: Secret | null, ctx: RunContext): Promise<void>
  /** Lets sessions onto a database beside the live one that a swap has closed, so that it can be looked at; for engines that close them. */
  openBeside?(source: Source, name: string, ctx: RunContext): Promise<void>
  /** Removes a staged, kept or failed database. A name that is not there is fine; the live name is refused. */
  drop(source: Source, name: string, ctx: RunContext): Promise<void>
  /** Ends sessions that an interrupted operation left behind (`application_name = holdfast:<operationId>`), and removes its half-made copy. */
  endSessions(source: Source, operationId: string, ctx: RunContext): Promise<number>
  /** Ends and removes throwaway servers that an operation which died left on this machine; the live server is not asked. */
  sweepScratch?(operationId: string, ctx: RunContext): Promise<void>
  /** Makes the database `name` and loads a plain (SQL) dump into it in one transaction that stops at the first error; for imports. */
  loadPlain?(source: Source, name: string, dump: DumpSource, ctx: RunContext): Promise<void>
  /**
   * Writes a dump as a plain script without owners and grants; for imports from servers whose roles are not here.
   * @param target the server that the script is meant for; null: whichever is newest here
   */
  toPlain?(
    dump: DumpSource,
    path: string,
    target: { readonly engineVersion: string; readonly image: string | null } | null,
    ctx: RunContext,
  ): Promise<void>
  /** Restoring single tables; an engine that cannot tell them apart has no such thing. */
  readonly tables?: TableRestore<Source>
  /**
   * A throwaway server or file that the dump is restored into, for drills: containers from the app's own image, local
   * binaries of the same major version, or a temporary file. `use` gets a source that answers `facts` and `query`.
   */
  scratch<T>(source: Source, sandbox: ScratchRequest, use: (scratch: Source, ctx: RunContext) => Promise<T>, ctx: RunContext): Promise<T>
}

export interface ScratchRequest {
  /** The image that ran the server when the point was made; null: local binaries of the same major version. */
  readonly image: string | null
  readonly majorVersion: string
  readonly shape: DatabaseShape
  /** A directory of ours that is removed afterwards. */
  readonly directory: string
  /** Name of the scratch server's superuser, so that a dump without owners comes to belong to it; the engine's own when left out. */
  readonly superuser?: string
}

export interface DatabaseEngines {
  for<S extends DatabaseSource>(source: S): DatabaseEngine<S>
  /** By name, for reading a dump whose source is not at hand. */
  named(engine: DatabaseSource["engine"]): Pick<DatabaseEngine, "checkDump" | "extension">
}

/** Docker and Compose. Nothing here takes a container name from a person. */
export interface ContainerEngine {
  version(ctx: RunContext): Promise<{ engine: string; compose: string }>
  /** Of the machine that containers run on, as registries name it (`linux`, `arm64`, `v8`). */
  platform(ctx: RunContext): Promise<{ readonly os: string; readonly architecture: string; readonly variant: string | null }>
  compose(project: ComposeProject, ctx: RunContext): Promise<ComposeModel>
  services(projectName: string, ctx: RunContext): Promise<readonly ServiceState[]>
  /** Service → hashes of its configuration, of which compose writes one on a container that it makes; every profile. Throws COMPOSE_INVALID. */
  configHashes?(
    project: ComposeProject,
    ctx: RunContext,
  ): Promise<{ readonly composeVersion: string; readonly byService: Readonly<Record<string, readonly string[]>> }>
  /** Names of the compose projects whose containers were made from this project directory (absolute), sorted. */
  projectsIn?(projectDirectory: string, ctx: RunContext): Promise<readonly string[]>
  /**
   * Sets restart policies to `no`, then stops, what depends on others first; returns the policies to put back. Absent services are skipped.
   * @param graceSeconds at least: a service whose compose file says a longer `stop_grace_period` has that
   */
  stopServices(projectName: string, services: readonly string[], graceSeconds: number, ctx: RunContext): Promise<readonly StoppedService[]>
  /** Puts the restart policies back and starts exactly these, what others depend on first, and well where compose is told to wait for that. */
  startServices(stopped: readonly StoppedService[], ctx: RunContext): Promise<void>
  /** `docker compose up -d` of the given services (all when null), `noDeps` leaves others alone. */
  up(
    project: ComposeProject,
    services: readonly string[] | null,
    options: { noDeps: boolean; /** Nothing is pulled: what is not here is an error. */ neverPull?: boolean },
    ctx: RunContext,
  ): Promise<void>
  /**
   * A container of its own beside the service's, with what the project says of it (image, environment, mounts, networks), removed
   * afterwards, also when it fails or takes too long; its exit code is a value.
   * @param argv the whole command, as for `exec`; null: the one that the project says
   */
  runOnce?(
    project: ComposeProject,
    service: string,
    argv: Argv | null,
    options: { timeoutMs: number },
    ctx: RunContext,
  ): Promise<ExecResult>
  /** Removes containers and networks of the project; volumes only when told. */
  down(project: ComposeProject, options: { volumes: boolean }, ctx: RunContext): Promise<void>
  /** Removes the containers of these services, and networks by their real names; volumes stay. Repeating it is harmless. */
  removeServices?(projectName: string, services: readonly string[], networks: readonly string[], ctx: RunContext): Promise<void>
  exec(containerId: string, argv: Argv, options: ExecOptions, ctx: RunContext): Promise<ExecResult>
  /** A throwaway container (`--rm`), labelled with the operation, removed also when it fails. */
  runHelper(helper: HelperContainer, ctx: RunContext): Promise<ExecResult>
  logs(containerId: string, tailLines: number, ctx: RunContext): Promise<string>
  volumePath(realName: string, ctx: RunContext): Promise<{ hostPath: string; visible: boolean } | null>
  createVolume(realName: string, labels: Readonly<Record<string, string>>, ctx: RunContext): Promise<void>
  /** A network with the engine's usual settings, for whoever expects one of this name. False: there is one, which is left as it is. */
  createNetwork?(realName: string, ctx: RunContext): Promise<boolean>
  imagePresent(reference: string, ctx: RunContext): Promise<boolean>
  /** Every name (`repository:tag`) that an image has in this repository. */
  imageNames?(repository: string, ctx: RunContext): Promise<readonly string[]>
  /**
   * Pulls `repository@sha256:…` while the app runs, and proves that what came is that digest for this machine's platform. The host's own
   * sign-in to the registry is used; one that is here already is only proven. Throws IMAGE_MISSING, IMAGE_PLATFORM_MISSING,
   * REGISTRY_AUTH_FAILED, REGISTRY_FAILED, SPACE_MISSING.
   */
  pullImage(reference: string, ctx: RunContext): Promise<{ readonly imageId: string }>
  /**
   * Builds images of the project's services while the app runs. Throws UPDATE_BUILD_FAILED with the builder's last words, SPACE_MISSING,
   * TOOL_TIMEOUT.
   */
  build?(project: ComposeProject, request: BuildRequest, ctx: RunContext): Promise<void>
  /** `docker save` of one image into the sink. */
  saveImage(imageId: string, sink: DumpSink, ctx: RunContext): Promise<void>
  /** `docker load`, then tags it with `reference`. */
  loadImage(source: DumpSource, imageId: string, reference: string, ctx: RunContext): Promise<void>
  /** Gives an image that is present another name. */
  tagImage(imageId: string, reference: string, ctx: RunContext): Promise<void>
  /** Takes a name away; an image that has no other and is used by nothing goes with it. A name that is not there is fine. */
  untagImage(reference: string, ctx: RunContext): Promise<void>
  /** A full, isolated copy of the app from resolved configuration (design §6); torn down after `use`, whatever happens. */
  sandbox<T>(request: SandboxRequest, use: (sandbox: Sandbox, ctx: RunContext) => Promise<T>, ctx: RunContext): Promise<T>
  /** Removes everything labelled with an interrupted operation: helpers, sandboxes, their networks and volumes. */
  removeLeftovers(operationId: string, ctx: RunContext): Promise<readonly string[]>
  /** Every container of ours that is there now, by the operation that it was made for; for `doctor`. */
  leftovers?(ctx: RunContext): Promise<readonly { readonly operationId: string; readonly name: string }[]>
  /** The container that this process runs in; null outside of containers. */
  own?(ctx: RunContext): Promise<OwnContainer | null>
  /** Whether a path means the same to us, in a container, as to the engine's host; null outside of containers. */
  isSeenHere?(hostPath: string, ctx: RunContext): Promise<boolean | null>
  /** A container like our own that no compose project has; it is started again, whatever ends it, until it is removed. */
  startBeside?(own: OwnContainer, request: { readonly name: string; readonly argv: readonly string[] }, ctx: RunContext): Promise<void>
  /** Also one that runs. One that is not there is fine. */
  removeContainer?(idOrName: string, ctx: RunContext): Promise<void>
}

export interface OwnContainer {
  readonly id: string
  /** Null for one that the project does not count as its own (`compose run`), and without a project. */
  readonly projectName: string | null
  readonly labels: Readonly<Record<string, string>>
}

export interface BuildRequest {
  /** Service with a `build:` → the name that its image gets. */
  readonly images: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

export interface StoppedService {
  readonly service: string
  readonly containerId: string
  readonly restartPolicy: string
  readonly wasRunning: boolean
}

export interface ExecOptions {
  readonly user?: string
  readonly environment?: Readonly<Record<string, string | Secret>>
  readonly stdin?: { readonly fd: number } | { readonly text: string | Secret }
  readonly stdout?: { readonly fd: number }
  readonly timeoutMs?: number
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderrTail: string
}

export interface HelperContainer {
  readonly image: string
  readonly argv: Argv
  /** `container:<id>` joins another container's network, `none` has none. */
  readonly network: string
  readonly binds: readonly { readonly hostPath: string; readonly target: string; readonly readOnly: boolean }[]
  readonly environment: Readonly<Record<string, string | Secret>>
  readonly user?: string
  readonly stdin?: { readonly fd: number } | { readonly text: string | Secret }
  readonly stdout?: { readonly fd: number }
  readonly timeoutMs?: number
}

export interface SandboxRequest {
  /** The resolved document (`ComposeModel.document`) of the point or of the live app. */
  readonly document: Readonly<Record<string, unknown>>
  readonly projectDirectory: string
  /** Service → image to run instead (the point's own). */
  readonly images: Readonly<Record<string, string>>
  /** Real volume name → directory with the point's files, mounted in its place. Volumes not named start empty. */
  readonly volumeDirectories: Readonly<Record<string, string>>
  /** Live host path of a bind mount or secret → directory or file with the point's content. */
  readonly bindReplacements: Readonly<Record<string, string>>
  /** Services started first and alone, so that databases can be filled before the app starts. */
  readonly databaseServices: readonly string[]
  /** Services that the copy does without. */
  readonly leftOut?: readonly string[]
  /** What compose would know when it makes the project: secrets and configs may be the value of a variable. */
  readonly variables?: Readonly<Record<string, Secret>>
  /** Our own directory for the rewritten compose file. */
  readonly directory: string
  readonly fillDatabases: (sandbox: Sandbox, ctx: RunContext) => Promise<void>
  /** Service → variables set instead of the app's own (mail, webhooks), so that a rehearsal reaches nobody. */
  readonly environment?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** False: only the databases are started and filled; `use` starts the rest by `startRest`. Default true. */
  readonly startApp?: boolean
}

export interface Sandbox {
  readonly projectName: string
  services(ctx: RunContext): Promise<readonly ServiceState[]>
  /** A GET from a helper on the sandbox's own network; the sandbox has no address on the host. */
  probe(service: string, port: number, path: string, ctx: RunContext): Promise<{ status: number; body: string }>
  exec(service: string, argv: Argv, options: ExecOptions, ctx: RunContext): Promise<ExecResult>
  /**
   * A container of its own beside the service's, with the service's image, environment, mounts and networks, removed afterwards. `argv` is
   * the whole command, as for `exec`; the service itself need not run. A run that takes longer than `timeoutMs` is killed: TOOL_TIMEOUT.
   */
  run(service: string, argv: Argv, options: ExecOptions, ctx: RunContext): Promise<ExecResult>
  /** Starts what was not started yet; for requests with `startApp: false`. */
  startRest(ctx: RunContext): Promise<void>
}

/** Commands that the operator wrote (hooks, run.stop, run.start, command databases). argv arrays, no shell. */
export interface CommandRunner {
  run(
    argv: Argv,
    options: {
      stdin?: { fd: number }
      stdout?: { fd: number }
      cwd?: string
      timeoutMs?: number
      environment?: Readonly<Record<string, string | Secret>>
    },
    ctx: RunContext,
  ): Promise<ExecResult>
}

/** Network probes from the host. */
export interface Prober {
  http(url: string, timeoutMs: number, ctx: RunContext): Promise<{ status: number; body: string }>
  tcp(host: string, port: number, timeoutMs: number, ctx: RunContext): Promise<boolean>
  /** SHA-256 fingerprint of the offered host key, `SHA256:…` as ssh-keygen prints it. */
  sshHostKey(host: string, port: number, timeoutMs: number, ctx: RunContext): Promise<string>
}
