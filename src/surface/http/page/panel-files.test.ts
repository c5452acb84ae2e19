import { mkdirSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { join } from "node:path"
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib"
import { afterAll, beforeAll, expect, it } from "vitest"
import { testPanel, type TestPanel } from "../../../../test/fixture/panel.ts"

const SCRIPT = "export const word = 'hold fast';\n".repeat(100)
let panel: TestPanel

beforeAll(async () => {
  panel = await testPanel({ built: true })
  const assets = join(panel.directory, "built", "assets")
  mkdirSync(assets, { recursive: true })
  writeFileSync(join(assets, "a-1.js"), SCRIPT)
  writeFileSync(join(assets, "a-1.js.br"), brotliCompressSync(SCRIPT))
  writeFileSync(join(assets, "a-1.js.gz"), gzipSync(SCRIPT))
  writeFileSync(join(assets, "plain.js"), SCRIPT)
})
afterAll(async () => await panel.dispose())

interface Got {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/** As it comes over the wire: `fetch` would unpack it. */
async function get(path: string, headers: Record<string, string> = {}): Promise<Got> {
  return await new Promise((done, failed) => {
    const asked = request(`${panel.listening.url}${path}`, { headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on("data", (chunk: Buffer) => chunks.push(chunk))
      answer.on("end", () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }))
    })
    asked.on("error", failed)
    asked.end()
  })
}

it("sends what the build has compressed to whoever takes it, and the file itself to others", async () => {
  const brotli = await get("/assets/a-1.js", { "accept-encoding": "gzip, br" })
  expect(brotli.headers).toMatchObject({ "content-encoding": "br", vary: "accept-encoding", "content-length": String(brotli.body.length) })
  expect(brotli.headers["content-type"]).toBe("text/javascript; charset=utf-8")
  expect(brotliDecompressSync(brotli.body).toString()).toBe(SCRIPT)
  const zipped = await get("/assets/a-1.js", { "accept-encoding": "gzip" })
  expect(zipped.headers["content-encoding"]).toBe("gzip")
  expect(gunzipSync(zipped.body).toString()).toBe(SCRIPT)

  for (const plain of [await get("/assets/a-1.js"), await get("/assets/plain.js", { "accept-encoding": "br" })]) {
    expect(plain.headers["content-encoding"]).toBeUndefined()
    expect(plain.headers.vary).toBe("accept-encoding")
    expect(plain.body.toString()).toBe(SCRIPT)
  }
})

it("gives each form of a file a tag of its own, and sends nothing to whoever has that form", async () => {
  const codings = ["br", "gzip", "identity"]
  const tags = await Promise.all(
    codings.map(async (coding) => String((await get("/assets/a-1.js", { "accept-encoding": coding })).headers.etag)),
  )
  expect(new Set(tags).size).toBe(3)
  const [brotli = "", zipped = ""] = tags
  for (const known of [brotli, `W/${brotli}`, `"other", ${brotli}`, "*"]) {
    const again = await get("/assets/a-1.js", { "accept-encoding": "br", "if-none-match": known })
    expect(again, known).toMatchObject({ status: 304, headers: { etag: brotli, vary: "accept-encoding" } })
    expect(again.body).toHaveLength(0)
  }
  expect((await get("/assets/a-1.js", { "accept-encoding": "br", "if-none-match": zipped })).status).toBe(200)
})
