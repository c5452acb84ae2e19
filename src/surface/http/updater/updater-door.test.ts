import { describe, expect, it, onTestFinished } from "vitest"
import { openUpdaterDoor } from "./updater-door.ts"

async function door(): Promise<string> {
  const opened = await openUpdaterDoor("127.0.0.1:0", (request) => new Response(`signed: ${new URL(request.url).pathname}`))
  onTestFinished(async () => await opened.close())
  return `http://${opened.address}`
}

describe("the door of an updater", () => {
  it("says that it is well in the words that the app's server expects", async () => {
    const answer = await fetch(`${await door()}/health`)
    expect([answer.status, await answer.json()]).toEqual([200, { status: "ok" }])
  })

  it("hands on what is to be signed, and has nothing else behind it: no panel, no API", async () => {
    const url = await door()
    expect(await (await fetch(`${url}/api/v1/updater/chat/status`)).text()).toBe("signed: /api/v1/updater/chat/status")
    for (const path of ["/", "/api/v1/apps", "/api/v1/updater", "/metrics", "/healthz", "/api/v1/updater/../apps"])
      expect((await fetch(url + path)).status).toBe(404)
    expect((await fetch(`${url}/health`, { method: "POST" })).status).toBe(404)
  })

  it("refuses an address that is none, and one that cannot be had", async () => {
    await expect(openUpdaterDoor("8081", () => new Response())).rejects.toMatchObject({
      code: "LISTEN_REFUSED",
      message: '"8081" is no address to listen on',
    })
    const { port } = new URL(await door())
    await expect(openUpdaterDoor(`127.0.0.1:${port}`, () => new Response())).rejects.toMatchObject({ code: "LISTEN_REFUSED" })
  })
})
