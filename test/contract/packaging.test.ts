/** The files that ship for running as a service are read by the programs that will read them. */
import { execFile } from "node:child_process"
import { chmod, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { parse } from "yaml"
import { z } from "zod"
import { describeNeeding } from "../fixture/needs.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"

const run = promisify(execFile)
const root = join(import.meta.dirname, "../..")
const units = join(root, "packaging/systemd")

describeNeeding("systemd-analyze")("the units", () => {
  it("are taken by systemd without a complaint, and start programs that are there", async () => {
    const directory = await temporaryDirectory("units")
    const program = join(directory, "holdfast")
    await writeFile(program, "#!/bin/sh\n")
    await chmod(program, 0o755)
    const names = await readdir(units)
    for (const name of names) {
      const text = await readFile(join(units, name), "utf8")
      await writeFile(join(directory, name), text.replaceAll("/opt/holdfast/holdfast", program))
    }
    const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...names.map((name) => join(directory, name))])
    expect(`${stdout}${stderr}`).toBe("")
    expect(await readFile(join(units, "holdfast-run-due.timer"), "utf8")).toContain("Persistent=true")
  })
})

const composeSchema = z.object({
  services: z.object({ holdfast: z.object({ volumes: z.array(z.string()), stop_grace_period: z.string(), init: z.literal(true) }) }),
})

it("the compose file mounts everything at its own path, so that paths mean the same inside and outside", async () => {
  const { services } = composeSchema.parse(parse(await readFile(join(root, "compose.yml"), "utf8")))
  expect(services.holdfast.volumes).toContain("/var/lib/holdfast:/var/lib/holdfast")
  for (const volume of services.holdfast.volumes) {
    const [source, target] = volume.split(":")
    expect(source).toMatch(/^\//)
    expect(target).toBe(source)
  }
})
