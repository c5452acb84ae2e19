/** Client programs of this machine, as children of ours; the password is in the environment of that one child. */
import { join } from "node:path"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes } from "../../process/process.ts"
import type { ToolRun, ToolRunner } from "./access.ts"
import type { ClientTools } from "./clients.ts"
import { conninfo } from "./quote.ts"
import { applicationName, CLIENT_OPTIONS } from "./session.ts"
import type { Endpoint } from "./tcp-session.ts"

export function localTools(processes: Processes, client: ClientTools, endpoint: Endpoint): ToolRunner {
  return {
    version: client.version,
    run: async (run, ctx) =>
      await processes.run({
        argv: [join(client.directory, run.program), ...run.args, "--no-password", `--dbname=${conninfo(run.database)}`],
        environment: {
          ...connectionEnvironment(ctx),
          PGHOST: endpoint.host,
          PGPORT: String(endpoint.port),
          PGUSER: endpoint.user,
          ...(endpoint.password === null ? {} : { PGPASSWORD: endpoint.password }),
        },
        ...streams(run),
        signal: ctx.signal,
      }),
  }
}

/** What every client program gets, wherever it runs. */
export function connectionEnvironment(ctx: RunContext): Readonly<Record<string, string>> {
  return { PGAPPNAME: applicationName(ctx), PGOPTIONS: CLIENT_OPTIONS, PGCONNECT_TIMEOUT: "10", LC_ALL: "C" }
}

export function streams(run: ToolRun): { stdin?: { fd: number }; stdout?: { fd: number } } {
  return {
    ...(run.stdin ? { stdin: { fd: run.stdin.fd } } : {}),
    ...(run.stdout ? { stdout: { fd: run.stdout.fd } } : {}),
  }
}
