import { execFile, spawn, type ChildProcess } from "node:child_process"
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { createReadStream } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { promisify } from "node:util"
import type { DumpSource } from "../../src/app/ports.ts"
import { systemClock } from "../../src/base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../../src/base/run-context.ts"
import type { ItemTags, VaultBackend, VaultLocation } from "../../src/vault/ports.ts"
import { createProcesses, type Processes } from "../../src/tool/process/process.ts"
import { createRestic } from "../../src/tool/restic/restic.ts"
import { freePort } from "../fixture/free-port.ts"

const run = promisify(execFile)

/** Somewhere that a vault can be, with all that it takes to reach it. */
export interface Place {
  readonly directory: string
  /** Where the files of a vault lie on this machine, to break them. */
  readonly files: (name: string) => string
  location(name: string, more?: Partial<VaultLocation>): VaultLocation
  dispose(): Promise<void>
}

export type PlaceKind = "a local path" | "rest-server" | "an append-only rest-server" | "SFTP"

export function context(signal: AbortSignal = new AbortController().signal): RunContext {
  return { signal, progress: silentProgress, log: silentLog, clock: systemClock, operationId: "20260419t120000-abcdef" }
}

export function testProcesses(): Processes {
  const environment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: process.env["HOME"] ?? "/root" }
  return createProcesses({ environment, clock: systemClock, setpriv: "/usr/bin/setpriv" })
}

export async function testRestic(directory: string, binary = "restic", outagePatienceMs?: number): Promise<VaultBackend> {
  const scratchDirectory = join(directory, "scratch")
  await mkdir(scratchDirectory, { recursive: true })
  const patience = outagePatienceMs === undefined ? {} : { outagePatienceMs }
  return createRestic({ processes: testProcesses(), binary, scratchDirectory, ...patience })
}

export async function openPlace(kind: PlaceKind): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-vault-"))
  const data = join(directory, "data")
  await mkdir(data)
  if (kind === "a local path")
    return place(
      directory,
      (name) => join(data, name),
      [],
      async () => undefined,
    )
  if (kind === "SFTP") return await sftpPlace(directory, data)
  const port = await freePort()
  const append = kind === "an append-only rest-server" ? ["--append-only"] : []
  const server = spawn("restic-rest-server", ["--path", data, "--listen", `127.0.0.1:${port}`, "--no-auth", ...append], { stdio: "ignore" })
  await answering(port)
  return place(
    directory,
    (name) => `rest:http://127.0.0.1:${port}/${name}/`,
    [],
    async () => await ended(server),
  )
}

async function sftpPlace(directory: string, data: string): Promise<Place> {
  const port = await freePort()
  const key = join(directory, "user")
  for (const file of ["user", "host"]) await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, file)])
  const authorized = join(directory, "authorized")
  const { stdout: publicKey } = await run("cat", [`${key}.pub`])
  await writeFile(authorized, publicKey, { mode: 0o600 })
  const known = join(directory, "known")
  const { stdout: hostKey } = await run("cat", [join(directory, "host.pub")])
  await writeFile(known, `[127.0.0.1]:${port} ${hostKey}`)
  await mkdir("/run/sshd", { recursive: true })
  await chmod(directory, 0o755)
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(directory, "host")}`,
    `AuthorizedKeysFile ${authorized}`,
    "StrictModes no",
    "UsePAM no",
    "PidFile none",
    "Subsystem sftp internal-sftp",
  ]
  await writeFile(join(directory, "sshd.conf"), `${settings.join("\n")}\n`)
  const server = spawn("/usr/sbin/sshd", ["-D", "-f", join(directory, "sshd.conf")], { stdio: "ignore" })
  await answering(port)
  const options = [`sftp.args=-p ${port} -i ${key} -o UserKnownHostsFile=${known} -o BatchMode=yes`]
  return place(
    directory,
    (name) => `sftp:root@127.0.0.1:${join(data, name)}`,
    options,
    async () => await ended(server),
  )
}

function place(directory: string, url: (name: string) => string, options: readonly string[], stop: () => Promise<void>): Place {
  return {
    directory,
    files: (name) => join(directory, "data", name),
    location: (name, more = {}) => ({
      name,
      url: url(name),
      keyFile: join(directory, `${name}.key`),
      environment: {},
      options,
      cacheDirectory: join(directory, "cache"),
      uploadKibPerSecond: null,
      downloadKibPerSecond: null,
      appendOnly: false,
      ...more,
    }),
    dispose: async () => {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export async function answering(port: number): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await systemClock.sleep(50)) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true))
      socket.once("error", () => resolve(false))
      socket.once("connect", () => socket.destroy())
    })
    if (open) return
  }
  throw new Error(`nothing answers on port ${port}`)
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGKILL")
  await gone
}

export const tags = (part: string, point: string | null = "20260419T120000Z-1.0"): ItemTags => ({ app: "chat", point, part })

export async function readAll(source: DumpSource): Promise<Buffer> {
  return await buffer(createReadStream("", { fd: source.fd, autoClose: false }))
}

export async function initialised(backend: VaultBackend, at: Place, name: string): Promise<VaultLocation> {
  const location = at.location(name)
  await writeFile(location.keyFile, "the key\n", { mode: 0o600 })
  await backend.initialise(location, context())
  return location
}
