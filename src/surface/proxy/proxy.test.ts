import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { policy } from "../../../test/fixture/socket-proxy/asking.ts"
import { systemClock } from "../../base/clock.ts"
import { startProxy } from "./proxy.ts"

it("says that the engine does not answer, and refuses all the same what it would never ask", async () => {
  const directory = await temporaryDirectory("proxy")
  const refused: string[] = []
  const proxy = await startProxy({
    listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
    socketPath: join(directory, "nobody.sock"),
    policy,
    clock: systemClock,
    onRefused: ({ why }) => refused.push(why),
  })
  onTestFinished(proxy.close)
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(`${proxy.address.replace("tcp:", "http:")}${path}`)
    return `${answer.status} ${await answer.text()}`
  }
  expect(await ask("/_ping")).toMatch(/^502 .*the engine did not answer as it should/)
  expect(await ask("/containers/ours/json")).toMatch(/^502 /)
  expect(await ask("/events")).toMatch(/^403 .*is not let through/)
  expect(refused).toEqual(['"GET /events" is not let through'])
})
