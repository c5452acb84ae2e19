import { createServer, type RequestListener } from "node:http"
import { describe, expect, it, onTestFinished } from "vitest"
import { ANNOUNCEMENT_FILE, BUNDLE_ENDING, issueFile, latestFile, PUBLIC_KEY_FILE, SIGNATURE_ENDING } from "../../release/place.ts"
import type { ReleaseSource } from "../../release/ports.ts"
import { createReleaseSources } from "./release-source.ts"

const ctx = { signal: new AbortController().signal }
const places = {
  latest: latestFile,
  issue: issueFile,
  announcement: ANNOUNCEMENT_FILE,
  publicKey: PUBLIC_KEY_FILE,
  signatureEnding: SIGNATURE_ENDING,
  bundleEnding: BUNDLE_ENDING,
}

/** Serves on loopback for one test; returns its address. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`
}

const files =
  (served: Readonly<Record<string, string>>): RequestListener =>
  (request, response) => {
    const content = served[request.url ?? ""]
    if (content === undefined) response.writeHead(404).end()
    else response.end(content)
  }
const open = (address: string): ReleaseSource => createReleaseSources(places, { timeoutMs: 1000, maxBytes: 1000 }).open(address)
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8")

describe("an address of releases", () => {
  it("serves documents below its path, with what lies beside them", async () => {
    const source = open(
      `${await serve(
        files({
          "/chat/channels/beta/latest.json": "latest",
          "/chat/channels/beta/latest.json.sig": "signature",
          "/chat/releases/1.0.0/beta-3.json": "issue",
          "/chat/releases/1.0.0/beta-3.json.sigstore.json": "bundle",
          "/chat/cosign.pub": "key",
        }),
      )}/chat`,
    )
    const latest = await source.latest("beta", ctx)
    const issue = await source.issue("1.0.0", "beta", 3, ctx)

    expect([text(latest.bytes), latest.signature?.kind, text(latest.signature?.content ?? new Uint8Array())]).toEqual([
      "latest",
      "detached",
      "signature",
    ])
    expect([text(issue.bytes), issue.signature?.kind, text(issue.signature?.content ?? new Uint8Array())]).toEqual([
      "issue",
      "bundle",
      "bundle",
    ])
    expect(await source.publicKey(ctx)).toBe("key")
    expect(await source.announcement(ctx)).toBeNull()
    await expect(source.latest("stable", ctx)).rejects.toMatchObject({ code: "RELEASE_UNKNOWN" })
  })

  it("gives a document and its signature of one moment, also while a release is being published", async () => {
    let asked = 0
    const source = open(
      await serve((request, response) => {
        asked += 1
        // The first look falls between the new signature and the new document.
        const isSignature = request.url?.endsWith(".sig") === true
        response.end(asked === 1 ? "old" : isSignature ? "new signature" : "new")
      }),
    )
    const latest = await source.latest("stable", ctx)

    expect([text(latest.bytes), text(latest.signature?.content ?? new Uint8Array())]).toEqual(["new", "new signature"])
  })

  it("is given up when it changes each time", async () => {
    let asked = 0
    const source = open(await serve((_request, response) => response.end(String((asked += 1)))))

    await expect(source.latest("stable", ctx)).rejects.toMatchObject({ code: "RELEASE_SOURCE_UNREACHABLE" })
  })

  it.each([
    ["http://releases.example/", "http://releases.example is not encrypted; that is allowed on this machine alone"],
    ["http://127.0.0.1.releases.example/", "http://127.0.0.1.releases.example is not encrypted; that is allowed on this machine alone"],
    ["file:///etc", "file:// is not encrypted; that is allowed on this machine alone"],
    ["https://ann:secret@releases.example/", "the address of releases holds a name or password"],
    ["https://releases.example/?x=1", "the address releases.example has something after its path"],
    ["releases", "this is no address of releases"],
  ])("%s is refused", (address, message) => {
    expect(() => open(address)).toThrow(expect.objectContaining({ code: "RELEASE_SOURCE_REFUSED", message }))
  })

  it("is not followed to another host, nor round in a ring, but further below on its own", async () => {
    const elsewhere = await serve(files({ "/channels/stable/latest.json": "stolen" }))
    const moved = async (to: string): Promise<string> =>
      await serve((request, response) => {
        if (request.url?.startsWith("/new/") === true) response.end("here")
        else response.writeHead(302, { location: to }).end()
      })

    await expect(open(await moved(`${elsewhere}/channels/stable/latest.json`)).latest("stable", ctx)).rejects.toMatchObject({
      code: "RELEASE_SOURCE_REFUSED",
      why: `it redirected to ${elsewhere}, which is not followed`,
    })
    await expect(open(await moved("/channels/stable/latest.json")).latest("stable", ctx)).rejects.toMatchObject({
      code: "RELEASE_SOURCE_REFUSED",
    })
    expect(text((await open(await moved("/new/latest.json")).latest("stable", ctx)).bytes)).toBe("here")
  })

  it("is bounded in size and time, and stops when it is told to", async () => {
    const silent = await serve(() => undefined)
    const endless = await serve((_request, response) => {
      response.write("x".repeat(2000))
    })
    const stop = new AbortController()
    const stopped = open(silent).latest("stable", { signal: stop.signal })
    stop.abort(new Error("stopped"))

    await expect(stopped).rejects.toThrow("stopped")
    await expect(open(endless).latest("stable", ctx)).rejects.toMatchObject({
      code: "RELEASE_SOURCE_REFUSED",
      why: "it has more than 1000 bytes",
    })
    await expect(open(silent).latest("stable", ctx)).rejects.toMatchObject({
      code: "RELEASE_SOURCE_UNREACHABLE",
      why: "no answer within 1000 ms",
    })
    await expect(open("http://127.0.0.1:1").latest("stable", ctx)).rejects.toMatchObject({ code: "RELEASE_SOURCE_UNREACHABLE" })
  })
})
