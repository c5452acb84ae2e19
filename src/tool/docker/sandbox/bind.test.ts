import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { decideBinds, type BindDecision } from "./bind.ts"
import { parseDocument } from "./document.ts"

async function decide(source: string, bindReplacements: Record<string, string>, directory: string): Promise<BindDecision | undefined> {
  const document = parseDocument({ name: "x", services: { app: { volumes: [{ type: "bind", source, target: "/t" }] } } })
  const rest = { images: {}, volumeDirectories: {}, databaseServices: [], fillDatabases: async () => undefined }
  const request = { ...rest, document, projectDirectory: directory, bindReplacements, directory }
  return (await decideBinds(document, ["app"], request, directory)).get(source)
}

it("takes the nearest given ancestor, and never a neighbour whose name begins alike", async () => {
  const replacements = { "/srv/app": "/point/app", "/srv/app/conf": "/point/conf" }
  expect(await decide("/srv/app/conf/a.json", replacements, "/tmp")).toEqual({ use: "/point/conf/a.json", readOnly: false })
  expect(await decide("/srv/app", replacements, "/tmp")).toEqual({ use: "/point/app", readOnly: false })
  const neighbour = await decide("/srv/apple", replacements, tmpdir())
  expect(neighbour).not.toMatchObject({ use: "/point/apple" })
  if (neighbour !== undefined && "use" in neighbour) rmSync(neighbour.use, { recursive: true })
})

it("shows the machine's own files read-only and refuses the engine's socket even when it was replaced", async () => {
  expect(await decide("/etc/localtime", {}, "/tmp")).toEqual({ use: "/etc/localtime", readOnly: true })
  expect(await decide("/run/docker.sock", { "/run": "/point/run" }, "/tmp")).toEqual({
    refuse: "it mounts the engine's socket /run/docker.sock",
  })
  expect(await decide("/dev/kvm", {}, "/tmp")).toEqual({ refuse: "it mounts /dev/kvm of the host" })
})

it("puts an empty directory with the live one's mode in its place", async () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-bind-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const live = join(directory, "live")
  mkdirSync(live)
  chmodSync(live, 0o2775)
  writeFileSync(join(live, "secret"), "live")
  const decision = await decide(live, {}, directory)
  expect(decision).toMatchObject({ readOnly: false })
  const use = decision !== undefined && "use" in decision ? decision.use : ""
  expect(use).not.toBe(live)
  expect(statSync(use).mode & 0o7777).toBe(0o2775)
})

it("refuses a secret that the point does not hold, whether or not the live one is there", async () => {
  for (const file of ["/etc/hostname", "/no/such/file"]) {
    const document = parseDocument({ name: "x", services: {}, secrets: { key: { file } } })
    const rest = { images: {}, volumeDirectories: {}, databaseServices: [], fillDatabases: async () => undefined }
    const request = { ...rest, document, projectDirectory: "/", bindReplacements: {}, directory: "/tmp" }
    expect((await decideBinds(document, [], request, "/tmp")).get(file)).toEqual({
      refuse: `it mounts the file ${file}, which is not part of the point`,
    })
  }
})
