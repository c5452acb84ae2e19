import { execFileSync, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import type { GitRepositories } from "../../src/release/git-ports.ts"
import { createGitRepositories } from "../../src/tool/git/copy.ts"
import { createProcesses } from "../../src/tool/process/process.ts"
import { createRepository } from "../fixture/git-repository.ts"
import { freePort } from "../fixture/free-port.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { suiteDirectory } from "../fixture/tmp.ts"
import { answering } from "./vault-place.ts"

const ctx = { signal: new AbortController().signal }

describeNeeding(
  "git",
  "sshd",
  "root",
)("a git repository behind ssh", () => {
  let directory = ""
  let url = ""
  let commit = ""
  let server: ChildProcess

  const gitWith = (name: string, options: readonly string[]): GitRepositories => {
    const environment = { PATH: process.env["PATH"] ?? "", HOME: directory }
    const processes = createProcesses({ environment, clock: systemClock, setpriv: null })
    return createGitRepositories({ processes, binary: "git", directory: join(directory, name), sshOptions: options })
  }

  beforeAll(async () => {
    directory = await suiteDirectory("git-ssh")
    await chmod(directory, 0o755)
    const vendor = createRepository(join(directory, "vendor"))
    commit = vendor.commit("one", { "a.txt": "a" })
    for (const name of ["host", "client"]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, name)])
    const port = await freePort()
    await writeFile(join(directory, "known"), `[127.0.0.1]:${port} ${await readFile(join(directory, "host.pub"), "utf8")}`)
    await mkdir("/run/sshd", { recursive: true })
    const settings = [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(directory, "host")}`,
      `AuthorizedKeysFile ${join(directory, "client.pub")}`,
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
    ]
    await writeFile(join(directory, "sshd.conf"), `${settings.join("\n")}\n`)
    server = spawn("/usr/sbin/sshd", ["-D", "-f", join(directory, "sshd.conf")], { stdio: "ignore" })
    await answering(port)
    url = `ssh://root@127.0.0.1:${port}${vendor.directory}`
  })

  afterAll(async () => {
    const gone = once(server, "exit")
    server.kill("SIGTERM")
    await gone
  })

  it("is fetched with a key that the host knows", async () => {
    const options = ["-i", join(directory, "client"), "-o", `UserKnownHostsFile=${join(directory, "known")}`]

    const copy = await gitWith("known-host", options).fetch("shop", url, ctx)

    expect((await copy.tip("main", ctx)).id).toBe(commit)
  })

  it("is refused when the host is not known, and nobody is asked whether it should be", async () => {
    const options = ["-i", join(directory, "client"), "-o", `UserKnownHostsFile=${join(directory, "nobody")}`]

    const fetching = gitWith("unknown-host", options).fetch("shop", url, ctx)

    await expect(fetching).rejects.toMatchObject({
      code: "RELEASE_SOURCE_UNREACHABLE",
      why: expect.stringContaining("Host key verification failed"),
    })
  })
})
