import { createReadStream, createWriteStream } from "node:fs"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import { unpackError } from "./plain-file.ts"
import type { Recognised } from "./recognise.ts"
import { createScriptReader } from "./sql-script.ts"

/** pg_dump ends a plain dump with this comment; one without it was cut short and psql would not notice (F35). */
const PLAIN_TRAILER = "-- PostgreSQL database dump complete"
/** Whole statements about roles, each on a line of its own, as pg_dump writes them. */
const OF_ROLES =
  /^(?:ALTER .* OWNER TO .*|GRANT .* TO .*|REVOKE .* FROM .*|ALTER DEFAULT PRIVILEGES .*|(?:SET|RESET) SESSION AUTHORIZATION.*);$/
const NOTHING = /^(?:--)?\s*$/

/**
 * Copies a plain dump, gzipped or not, to a private file that psql may run on a throwaway server: read to its end, whole, and without
 * commands of psql; with `ownerless` also without what gives things to roles. Throws DUMP_TRUNCATED, DUMP_DAMAGED, SPACE_MISSING. Returns the copy's path.
 */
export async function plainScript(
  recognised: Pick<Recognised, "path" | "gzipped">,
  target: string,
  signal: AbortSignal,
  options: { readonly ownerless: boolean } = { ownerless: false },
): Promise<string> {
  const input = createReadStream(recognised.path)
  const output = createWriteStream(target, { mode: 0o600, flags: "wx" })
  const cleaned = (source: AsyncIterable<unknown>): AsyncGenerator<Buffer> => clean(recognised.path, source, options.ownerless)
  try {
    if (recognised.gzipped) await pipeline(input, createGunzip(), cleaned, output, { signal })
    else await pipeline(input, cleaned, output, { signal })
  } catch (thrown) {
    signal.throwIfAborted()
    throw isHoldfastError(thrown) ? thrown : unpackError(recognised.path, thrown)
  }
  return target
}

async function* clean(path: string, source: AsyncIterable<unknown>, ownerless: boolean): AsyncGenerator<Buffer> {
  const script = createScriptReader()
  let complete = false
  let number = 0
  for await (const lines of linesOf(source)) {
    const kept: string[] = []
    for (const line of lines) {
      number += 1
      const resting = script.atRest()
      const read = script.read(line)
      if (read.kind === "refused") throw refused(path, number, read.why)
      if (read.kind === "lock") continue
      if (ownerless && resting && script.atRest() && OF_ROLES.test(line)) continue
      if (resting && line === PLAIN_TRAILER) complete = true
      else if (complete && !NOTHING.test(line)) complete = false
      kept.push(line)
    }
    yield Buffer.from(kept.map((line) => `${line}\n`).join(""), "latin1")
  }
  if (!complete || !script.atRest()) {
    throw new HoldfastError("DUMP_TRUNCATED", {
      what: `${path} does not end as pg_dump ends a plain dump`,
      why: `"${PLAIN_TRAILER}" is missing`,
    })
  }
}

/** Whole lines, as many at a time as arrive; characters stand for bytes. */
async function* linesOf(source: AsyncIterable<unknown>): AsyncGenerator<readonly string[]> {
  let rest = ""
  for await (const chunk of source) {
    if (!Buffer.isBuffer(chunk)) continue
    const lines = (rest + chunk.toString("latin1")).split("\n")
    rest = lines.pop() ?? ""
    if (lines.length > 0) yield lines
  }
  if (rest !== "") yield [rest]
}

function refused(path: string, line: number, why: string): HoldfastError {
  return new HoldfastError("DUMP_DAMAGED", {
    what: `${path} holds what no dump of one database needs (line ${line})`,
    why,
    hint: "Import a dump that pg_dump made without --create, or take the line out after you know where it came from.",
  })
}
