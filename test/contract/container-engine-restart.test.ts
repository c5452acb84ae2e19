import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { expect, it, onTestFinished } from "vitest"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { privateDaemon } from "../fixture/docker/private-dockerd.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"

useDocker(["holdfast-test/busybox"])

const service = `{ image: holdfast-test/busybox, network_mode: none, restart: always, init: true, command: [sleep, "100000"] }`

it("a stopped service stays stopped when the engine restarts, although its restart policy was `always`", async () => {
  const daemon = await privateDaemon(["holdfast-test/busybox"])
  onTestFinished(daemon.remove)
  const engine = engineUnderTest(daemon.host)
  onTestFinished(engine.remove)
  const { docker } = engine
  const projectDirectory = join(engine.scratchDirectory, "project")
  mkdirSync(projectDirectory)
  const files = [join(projectDirectory, "compose.yml")]
  writeFileSync(files[0] ?? "", `services: { ours: ${service}, theirs: ${service}, left: ${service} }`)
  const project = { files, projectDirectory, projectName: "restarting", profiles: [] }
  const statesOf = async (): Promise<string[]> =>
    (await docker.services("restarting", engine.ctx())).map((state) => `${state.service} ${state.state} ${state.restartPolicy}`)
  await docker.up(project, null, { noDeps: false }, engine.ctx())
  const stopped = await docker.stopServices("restarting", ["ours"], 5, engine.ctx())
  await command(["docker", "--host", daemon.host, "stop", "restarting-theirs-1"])

  await daemon.stop()
  await expect(docker.services("restarting", engine.ctx())).rejects.toMatchObject({ code: "ENGINE_UNREACHABLE" })
  await daemon.start()

  // The one that an ordinary `docker stop` stopped comes back: this is what the policy is turned off for.
  const back = ["left running always", "ours exited no", "theirs running always"]
  for (let tries = 0; tries < 100 && (await statesOf()).join() !== back.join(); tries += 1) await delay(100)
  expect(await statesOf()).toEqual(back)
  await docker.startServices(stopped, engine.ctx())
  expect(await statesOf()).toEqual(["left running always", "ours running always", "theirs running always"])
})
