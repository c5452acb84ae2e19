/** Known applications by their recipes: what init finds is what a backup takes, and the keys that the data needs are in the point. */
import { generateKeyPairSync, randomBytes } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { backupOutput } from "../../src/contract/output.ts"
import { showOutput } from "../../src/contract/output-points.ts"
import { manifestSchema } from "../../src/recovery-point/manifest.ts"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { fixtureProject } from "../fixture/recipe/detect.ts"
import { makeChat } from "../fixture/sqlite/chat.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn } from "./cli.ts"

const SIX_MINUTES_MS = 360_000
const planOutput = z.object({ parts: z.array(z.object({ part: z.string(), from: z.string() })) })

describeNeeding(
  "docker",
  "restic",
  "root",
)("SuperChat by its recipe", () => {
  useDocker()

  it(
    "is planned and backed up with its database, its tree without the database's files, and the fingerprint of the host key in its volume",
    async () => {
      const engine = engineUnderTest()
      onTestFinished(() => engine.remove())
      const name = `sc${randomBytes(4).toString("hex")}`
      const project = await fixtureProject("superchat", await temporaryDirectory(), name, "SUPERCHAT_LOG=info\n")
      const volume = `${name}_superchat-data`
      await engine.docker.createVolume(volume, {}, engine.ctx())
      onTestFinished(async () => void (await command(["docker", "volume", "rm", "-f", volume])))
      const data = (await engine.docker.volumePath(volume, engine.ctx()))?.hostPath ?? "no volume"
      makeChat(join(data, "superchat.db"))
      const key = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        privateKeyEncoding: { type: "pkcs1", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      })
      await writeFile(join(data, "ssh_host_key"), key.privateKey, { mode: 0o600 })
      await writeFile(join(data, "config.toml"), "[server]\n")
      const cli = cliIn({ cwd: project.directory, stateDirectory: join(project.directory, "..", "state") })

      expect((await cli.run("init", "--vault-path", join(project.directory, "..", "vault"))).stdout).toContain("superchat")
      const plan = await cli.json(planOutput, ["backup", "--plan"])
      expect(plan.parts.map((part) => part.part)).toEqual(["database:main", "files:data", "secrets", "configuration"])
      const { point } = await cli.json(backupOutput, ["backup"])
      const manifest = manifestSchema.parse((await cli.json(showOutput, ["show", name, point?.id ?? ""])).manifest)

      const files = manifest.parts.find((part) => part.kind === "files")
      expect(files).toMatchObject({ files: 2 })
      const database = manifest.parts.find((part) => part.kind === "database")
      expect(database?.facts).toMatchObject({ schemaVersion: "13", rows: { Message: 200 } })
      expect(Object.keys(manifest.keyFingerprints)).toEqual(["ssh_host_key"])
      expect(JSON.stringify(manifest)).not.toContain(key.privateKey.split("\n")[1])
    },
    SIX_MINUTES_MS,
  )
})
