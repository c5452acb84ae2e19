import { appendFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { projectTexts, requireSameTexts } from "./pins.ts"

async function project() {
  const directory = await temporaryDirectory("pins")
  const file = join(directory, "compose.yml")
  const env = join(directory, ".env")
  await writeFile(file, "services: {}\n")
  await writeFile(env, "A=1\n")
  return { file, env, compose: { files: [file], projectDirectory: directory, projectName: "chat", profiles: [] } }
}

it("a project whose files say what they said is the one that was planned with", async () => {
  const { compose } = await project()

  await expect(requireSameTexts(compose, await projectTexts(compose))).resolves.toBeUndefined()
})

it("any byte that was edited meanwhile is seen, wherever it is, and so is a file that came or went", async () => {
  const { compose, file, env } = await project()
  const planned = await projectTexts(compose)
  const stale = (path: string) => ({ code: "PLAN_STALE", message: `${path} was edited meanwhile` })

  await appendFile(file, "# by hand\n")
  await expect(requireSameTexts(compose, planned)).rejects.toMatchObject(stale(file))

  await writeFile(file, "services: {}\n")
  await rm(env)
  await expect(requireSameTexts(compose, planned)).rejects.toMatchObject(stale(env))
  const without = await projectTexts(compose)
  await writeFile(env, "A=1\n")
  await expect(requireSameTexts(compose, without)).rejects.toMatchObject(stale(env))
})
