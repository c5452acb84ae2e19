/**
 * Client programs of the database's own image, in a throwaway container inside the database's network, that open the vault's
 * FIFO by path (measured: as fast as a local client, two to four times faster than exec).
 */
import type { Argv } from "../../../app/app.ts"
import type { ContainerEngine, HelperContainer } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Secret } from "../../../base/secret.ts"
import type { ToolRun, ToolRunner } from "./access.ts"
import { parseToolVersion } from "./clients.ts"
import { ownIds, readInHelper, STREAM } from "./helper-stream.ts"
import { connectionEnvironment } from "./local-tools.ts"
import { conninfo } from "./quote.ts"

export interface HelperPlace {
  readonly image: string
  /** `container:<id>`, or `none` with a socket's directory bound in. */
  readonly network: string
  /** As seen from inside. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret | null
  readonly binds: HelperContainer["binds"]
}

export function helperTools(containers: ContainerEngine, place: HelperPlace, scratchDirectory: string, version: string): ToolRunner {
  return {
    version,
    run: async (run, ctx) => {
      const helper = helperOf(place, run, ctx)
      return run.stdin === undefined
        ? await containers.runHelper(helper, ctx)
        : await readInHelper(containers, helper, run.stdin, scratchDirectory, ctx)
    },
  }
}

function helperOf(place: HelperPlace, run: ToolRun, ctx: RunContext): HelperContainer {
  return {
    image: place.image,
    network: place.network,
    argv: helperArgv(run),
    binds: [...place.binds, ...(run.stdout ? [{ hostPath: run.stdout.path, target: STREAM, readOnly: false }] : [])],
    environment: {
      ...connectionEnvironment(ctx),
      PGHOST: place.host,
      PGPORT: String(place.port),
      PGUSER: place.user,
      ...(place.password === null ? {} : { PGPASSWORD: place.password }),
    },
    user: ownIds(),
  }
}

/** The version of the image's client programs; throws when a helper with a bound directory cannot be run (a remote engine, say). */
export async function helperVersion(containers: ContainerEngine, image: string, directory: string, ctx: RunContext): Promise<string> {
  const target = "/holdfast-probe"
  const argv: Argv = ["sh", "-c", `test -w "$0" && exec pg_dump --version`, target]
  const binds = [{ hostPath: directory, target, readOnly: false }]
  const result = await containers.runHelper({ image, argv, network: "none", binds, environment: {}, user: ownIds() }, ctx)
  const version = parseToolVersion(result.stdout)
  if (result.exitCode === 0 && version !== null) return version
  throw new HoldfastError("CONTAINER_FAILED", {
    what: `image ${image} cannot run pg_dump beside the database`,
    why: result.stderrTail === "" ? "our directory is not visible to the engine" : result.stderrTail,
  })
}

/** A FIFO cannot be synced, and pg_dump 17 fails on trying. */
function helperArgv(run: ToolRun): Argv {
  const stream = run.stdout ? [`--file=${STREAM}`, "--no-sync"] : []
  return [run.program, ...run.args, ...stream, "--no-password", `--dbname=${conninfo(run.database)}`]
}
