import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { notifyTestOutput } from "../../src/contract/output-notify.ts"
import { webSink } from "../fixture/notice/web-sink.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

async function placeWith(notify: string): Promise<Cli> {
  const cwd = await temporaryDirectory("notify")
  const settings = `
vaults: { local: { path: ./vault } }
notify: ${notify}
apps: { chat: { databases: { main: { sqlite: ./chat.db } }, notify: { webhooks: ["env:CHAT_HOOK"] } } }
`
  await writeFile(join(cwd, "holdfast.yaml"), settings)
  return cliIn({ cwd, stateDirectory: join(cwd, "state") })
}

describe("`holdfast notify test`", () => {
  it("sends a message to each receiver, says which arrived, and why another did not", async () => {
    const hook = await webSink()
    const cli = await placeWith(`{ always: { webhooks: ["${hook.url}/hook"] } }`)
    const ended = await cli.run("notify", "test")
    expect(ended.exitCode).toBe(3)
    expect(ended.stdout.split("\n").slice(0, 2)).toEqual([
      `sent    webhook at 127.0.0.1:${hook.port}`,
      "FAILED  webhook at env:CHAT_HOOK: an address of notify names the environment variable CHAT_HOOK, which is not set",
    ])
    expect(hook.requests.map(({ body }) => body)).toEqual([expect.stringContaining("Test message of Holdfast")])

    const whole = cliIn({ ...cli.place, environment: { CHAT_HOOK: `${hook.url}/chat` } })
    const document = await whole.json(notifyTestOutput, ["notify", "test", "--app", "chat"])
    expect(document.results.map(({ name, sent }) => [name, sent])).toEqual([
      ["webhook at env:CHAT_HOOK", true],
      [`webhook at 127.0.0.1:${hook.port}`, true],
    ])
  })

  it("says that nobody is told, and refuses an app that is not there", async () => {
    const cli = await placeWith("{}")
    expect(await cli.error("notify", "test", "--app", "weave")).toMatchObject({ code: "APP_UNKNOWN" })
    const alone = await temporaryDirectory("notify")
    await writeFile(join(alone, "holdfast.yaml"), "vaults: { local: { path: ./vault } }\napps: {}\n")
    const ended = await cliIn({ cwd: alone, stateDirectory: join(alone, "state") }).run("notify", "test")
    expect(ended).toMatchObject({ exitCode: 3, stdout: expect.stringContaining("nobody is told of anything") })
  })
})
