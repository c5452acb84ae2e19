import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { readProjectTexts } from "./project-texts.ts"

it("reads compose files, what they extend, and .env, byte for byte", async () => {
  const directory = await temporaryDirectory()
  await mkdir(join(directory, "base"))
  const written = {
    "compose.yml": "\uFEFFservices:\r\n  web: { extends: { file: base/a.yml, service: web } }",
    "o.yml": "services: { web: { extends: { file: nowhere.yml, service: web } } }\n",
    "base/a.yml": "services: { web: { extends: { file: b.yml, service: web } } }",
    "base/b.yml": "services: { web: { image: web } }",
    ".env": "A=1\r\n",
  }
  for (const [name, text] of Object.entries(written)) await writeFile(join(directory, name), text)

  const texts = await readProjectTexts({ files: [join(directory, "compose.yml"), join(directory, "o.yml")], projectDirectory: directory })

  expect(Object.fromEntries(texts)).toEqual(
    Object.fromEntries(Object.entries(written).map(([name, text]) => [join(directory, name), text])),
  )
})

it("refuses what is not there, cannot be read, or would come back as other bytes", async () => {
  const directory = await temporaryDirectory()
  const reading = async (name: string): Promise<unknown> =>
    await readProjectTexts({ files: [join(directory, name)], projectDirectory: directory })
  await writeFile(join(directory, "latin.yml"), Buffer.from("# caf\xe9\nservices: {}\n", "latin1"))
  await mkdir(join(directory, "folder.yml"))

  await expect(reading("none.yml")).rejects.toMatchObject({
    code: "COMPOSE_INVALID",
    message: `there is no compose file ${join(directory, "none.yml")}`,
  })
  await expect(reading("latin.yml")).rejects.toMatchObject({
    message: `${join(directory, "latin.yml")} is not UTF-8 text`,
    hint: "Save it as UTF-8: a file is only edited when every other byte can be kept.",
  })
  await expect(reading("folder.yml")).rejects.toMatchObject({ message: `cannot read ${join(directory, "folder.yml")}` })
})
