import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { systemClock } from "../../base/clock.ts"
import { silentLog, silentProgress } from "../../base/run-context.ts"
import { createProcesses } from "../process/process.ts"
import { createClient } from "./client.ts"
import { isMountedAtItself, isSeenHere, ownContainer, ownId } from "./own-container.ts"

const ID = "0f3c9a2b".repeat(8)

it.each([
  ["of a name server's file", `612 600 254:0 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw\n`],
  [
    "of the host's name, from another data root",
    `613 600 254:0 /srv/engine/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/vda rw\n`,
  ],
  ["of its hosts", `1 2 0:3 /x/y/containers/${ID}/hosts /etc/hosts rw - xfs /dev/sda rw\n`],
])("the id of our container is known by the mount %s", (_which, mounts) => {
  expect(ownId(`600 599 0:50 / / rw - overlay overlay rw\n${mounts}`)).toBe(ID)
})

it.each([
  ["on a host", "24 1 254:0 / / rw - ext4 /dev/vda rw\n"],
  ["where a volume has such a folder", `24 1 254:0 /var/lib/docker/containers/${ID}/mounts/shm /dev/shm rw - tmpfs shm rw\n`],
  ["where the name is no id", "24 1 254:0 /srv/containers/web/hostname /etc/hostname rw - ext4 /dev/vda rw\n"],
])("%s there is none", (_where, mounts) => {
  expect(ownId(mounts)).toBeNull()
})

const mounts = [
  { Source: "/var/lib/docker/volumes", Destination: "/var/lib/docker/volumes" },
  { Source: "/var/lib/docker/volumes/state/_data", Destination: "/var/lib/holdfast" },
  { Source: "/srv", Destination: "/srv" },
  { Source: "/mnt/other", Destination: "/srv/inner" },
  { Source: null, Destination: "/tmp" },
]

it.each([
  ["/var/lib/docker/volumes/chat/_data", true],
  ["/var/lib/docker/volumes", true],
  ["/srv/chat", true],
  ["/srv/inner", false],
  ["/srv/inner/chat", false],
  ["/srv/innermost", true],
  ["/srvother", false],
  ["/var/lib/holdfast/scratch", false],
  ["/tmp/x", false],
  ["/etc", false],
])("%s is the host's own in a container: %s", (path, seen) => {
  expect(isMountedAtItself(mounts, path)).toBe(seen)
})

it("a container that has the whole host at its own path sees all of it", () => {
  expect(isMountedAtItself([{ Source: "/", Destination: "/" }], "/srv")).toBe(true)
})

/** An engine, or what stands before it, that answers every question in the same way. */
async function askedOf(status: number, ask: typeof ownContainer = ownContainer, answer = '{"message":"so it is"}'): Promise<unknown> {
  const server = createServer((_, response) => response.writeHead(status, { "content-type": "application/json" }).end(answer))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const directory = await mkdtemp(join(tmpdir(), "holdfast-own-"))
  onTestFinished(async () => {
    server.close()
    await rm(directory, { recursive: true })
  })
  await writeFile(
    join(directory, "mountinfo"),
    `613 600 254:0 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/vda rw\n`,
  )
  const address = server.address()
  const environment = { DOCKER_HOST: `tcp://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, PATH: process.env["PATH"] ?? "" }
  const processes = createProcesses({ environment, clock: systemClock, setpriv: null })
  const client = createClient({
    processes,
    dockerBinary: "docker",
    compose: ["docker", "compose"],
    environment,
    scratchDirectory: directory,
  })
  const { signal } = new AbortController()
  const ctx = { signal, progress: silentProgress, log: silentLog, clock: systemClock, operationId: "look" }
  return await ask(client, ctx, join(directory, "mountinfo"))
}

it.each([
  ["a proxy hides it", 403],
  ["the engine does not know it", 404],
])("where %s, our container is none of an app's", async (_why, status) => {
  expect(await askedOf(status)).toBeNull()
  const seen = await askedOf(status, async (client, ctx, mountsFile) => {
    expect(await isSeenHere(client, "/srv", ctx, mountsFile)).toBeNull()
    return null
  })
  expect(seen).toBeNull()
})

it.each([
  ["of the project that made it", {}, "chat"],
  ["of no project where it was run once", { "com.docker.compose.oneoff": "True" }, null],
])("our container is %s", async (_what, labels, projectName) => {
  const facts = {
    Id: ID,
    Name: "/ours",
    Image: "sha256:1",
    RestartCount: 0,
    State: { Status: "running", Pid: 1, ExitCode: 0, Error: "" },
    Config: { Image: "holdfast:0.1.0", Labels: { "com.docker.compose.project": "chat", ...labels } },
    HostConfig: {},
    NetworkSettings: {},
  }
  expect(await askedOf(200, ownContainer, JSON.stringify(facts))).toMatchObject({ id: ID, projectName, labels })
})

it("an engine that cannot say is an error, not a no", async () => {
  await expect(askedOf(500)).rejects.toMatchObject({ code: "TOOL_FAILED" })
})
