import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { createHostIdentity } from "./host.ts"

let proc = ""

beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), "holdfast-proc-"))
  await mkdir(join(proc, "sys/kernel/random"), { recursive: true })
  await mkdir(join(proc, "self/ns"), { recursive: true })
  await writeFile(join(proc, "sys/kernel/random/boot_id"), "boot-1\n")
  await symlink("pid:[4026531836]", join(proc, "self/ns/pid"))
  await addProcess(10, "node", "S", "111")
})

afterEach(async () => {
  await rm(proc, { recursive: true, force: true })
})

async function addProcess(id: number, name: string, state: string, start: string): Promise<void> {
  await mkdir(join(proc, String(id)), { recursive: true })
  const fields = Array.from({ length: 18 }, (_unused, index) => String(index))
  await writeFile(join(proc, String(id), "stat"), `${id} (${name}) ${state} ${fields.join(" ")} ${start} 9 9\n`)
}

const identity = () => createHostIdentity({ hostName: "vm", processId: 10, procDirectory: proc })

it("finds this very process alive, by the real /proc", () => {
  const host = createHostIdentity({ hostName: hostname(), processId: process.pid })

  expect(host.isAlive(host.self("me"))).toBe(true)
  expect(host.isAlive({ ...host.self("me"), processStart: "1" })).toBe(false)
})

it("reads the start time behind a program name that holds spaces and parentheses", async () => {
  await addProcess(11, "a) S (b c) 1", "R", "222")

  expect(identity().isAlive({ host: "vm", bootId: "boot-1", processId: 11, processStart: "222", command: "" })).toBe(true)
})

it.each([
  ["a process id that nobody has", { processId: 99 }],
  ["a process id that was given to another process", { processStart: "110" }],
  ["an earlier boot", { bootId: "boot-0" }],
])("proves a holder dead by %s", (_why, change) => {
  expect(identity().isAlive({ ...identity().self("x"), ...change })).toBe(false)
})

it("counts a process that has ended and was not collected as dead", async () => {
  await addProcess(12, "node", "Z", "333")

  expect(identity().isAlive({ host: "vm", bootId: "boot-1", processId: 12, processStart: "333", command: "" })).toBe(false)
})

it.each([
  ["another host", { host: "elsewhere", bootId: "boot-9" }],
  ["another container of this host", { host: "vm pid:[4026539999]" }],
])("cannot prove a holder on %s dead, and leaves it alone", (_where, change) => {
  expect(identity().isAlive({ ...identity().self("x"), processId: 99, ...change })).toBe(true)
})

const locksThatSay = (answer: "kept" | "free" | "absent") => {
  const kept: string[] = []
  const asked: string[] = []
  const locks = { keep: (name: string) => void kept.push(name), look: (name: string) => (asked.push(name), answer) }
  return { kept, asked, host: createHostIdentity({ hostName: "vm", processId: 10, procDirectory: proc, locks }) }
}

it("keeps a lock in a container, where its process id says nothing to others, and none outside", async () => {
  const outside = locksThatSay("kept")
  outside.host.self("x")
  await rm(join(proc, "self/ns/pid"))
  await symlink("pid:[4026532222]", join(proc, "self/ns/pid"))
  const inside = locksThatSay("kept")
  expect(inside.host.self("x").host).toBe("vm pid:[4026532222]")
  expect([outside.kept, inside.kept]).toEqual([[], ["boot-1-4026532222-10-111"]])
})

it.each([
  ["kept", true],
  ["absent", true],
  ["free", false],
] as const)("asks for the lock of a holder in another container; when it is %s, alive is %s", (answer, alive) => {
  const { asked, host } = locksThatSay(answer)
  expect(host.isAlive({ host: "holdfast pid:[4026539999]", bootId: "boot-1", processId: 7, processStart: "5", command: "" })).toBe(alive)
  expect(asked).toEqual(["boot-1-4026539999-7-5"])
})

it("asks for no lock of an earlier boot: nobody of it lives", () => {
  const { asked, host } = locksThatSay("kept")
  expect(host.isAlive({ host: "vm pid:[4026539999]", bootId: "boot-0", processId: 7, processStart: "5", command: "" })).toBe(false)
  expect(asked).toEqual([])
})
