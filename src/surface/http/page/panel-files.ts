import { createHash, randomBytes } from "node:crypto"
import { existsSync, readFileSync, statSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { extname, join, normalize } from "node:path"
import { contentSecurity } from "../guard/headers.ts"
import { none, streamRoute, type Route } from "../route/route.ts"
import { chooseCoding } from "./content-coding.ts"

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
    handle: async ({ path, headers }) => await answerFor(directory, path, headers),
  })
}

async function answerFor(directory: string, path: string, asked: Headers): Promise<Response> {
  const file = path === PAGE ? null : fileAt(directory, path)
  if (file !== null) return await fileAnswer(file, path.startsWith("/assets/"), asked)
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

/** Assets carry a digest in their names, so they never change. What the build has compressed goes out so to whoever takes it. */
async function fileAnswer(file: string, immutable: boolean, asked: Headers): Promise<Response> {
  const coding = chooseCoding(asked.get("accept-encoding"), ({ ending }) => existsSync(`${file}${ending}`))
  const body = await readFile(`${file}${coding?.ending ?? ""}`)
  // Of the bytes that are sent: each form of a file has a tag of its own.
  const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`
  const headers = {
    etag: tag,
    vary: "accept-encoding",
    "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
  }
  if (isKnown(asked.get("if-none-match"), tag)) return new Response(null, { status: 304, headers })
  return new Response(body, {
    headers: {
      ...headers,
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-length": String(body.byteLength),
      ...(coding === null ? {} : { "content-encoding": coding.name }),
    },
  })
}

/** Whether the other end has these bytes already. A proxy may have made its tag a weak one; for a GET that is the same. */
function isKnown(tags: string | null, tag: string): boolean {
  return tags !== null && tags.split(",").some((one) => [tag, `W/${tag}`, "*"].includes(one.trim()))
}
