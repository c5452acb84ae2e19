import { randomBytes } from "node:crypto"
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs"
import { extname, join, normalize } from "node:path"
import { Readable } from "node:stream"
import { contentSecurity } from "../guard/headers.ts"
import { none, streamRoute, type Route } from "../route/route.ts"

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".map": "application/json",
}

const PAGE = "/index.html"
/** The build leaves it where a nonce belongs. */
const NONCE_MARK = "__CSP_NONCE__"

const MISSING = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Holdfast</title>
<h1>The panel is not built</h1><p>The API answers at <a href="/api/docs">/api/docs</a>. Build the panel with <code>node scripts/build-web.ts</code>.</p></html>
`

/** The built panel: files as they are, and its one page for every address that it knows itself. */
export function panelRoute(directory: string): Route {
  return streamRoute({
    method: "GET",
    path: "/*",
    summary: "The panel.",
    query: none,
    body: none,
    handle: async ({ path }) => await Promise.resolve(answerFor(directory, path)),
  })
}

function answerFor(directory: string, path: string): Response {
  const file = path === PAGE ? null : fileAt(directory, path)
  if (file !== null) return fileAnswer(file, path.startsWith("/assets/"))
  // What looks like a file and is none would be read as one; everything else is an address of the panel.
  if (extname(path) !== "")
    return new Response("there is no such file\n", { status: 404, headers: { "content-type": "text/plain; charset=utf-8" } })
  const page = fileAt(directory, PAGE)
  if (page !== null) return pageAnswer(readFileSync(page, "utf8"))
  return new Response(MISSING, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } })
}

/** Each answer has a nonce of its own, so that only what the panel itself makes is styled. */
function pageAnswer(text: string): Response {
  const nonce = randomBytes(16).toString("base64")
  return new Response(text.replaceAll(NONCE_MARK, nonce), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": contentSecurity(`'nonce-${nonce}'`),
    },
  })
}

function fileAt(directory: string, path: string): string | null {
  const file = join(directory, normalize(decoded(path)))
  if (!file.startsWith(`${directory}/`) || !existsSync(file) || !statSync(file).isFile()) return null
  return file
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path).replaceAll("\0", "")
  } catch {
    return "/"
  }
}

/** Assets carry a digest in their names, so they never change. */
function fileAnswer(file: string, immutable: boolean): Response {
  const body = Readable.toWeb(createReadStream(file))
  return new Response(ReadableStream.from(body), {
    headers: {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-length": String(statSync(file).size),
      "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
    },
  })
}
