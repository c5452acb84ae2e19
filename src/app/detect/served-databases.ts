/** What the servers of a project hold beside the databases that its files name: an init script or a person may have made more. */
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { PostgresSource } from "../app.ts"
import type { DatabaseEngines, ServiceState } from "../ports.ts"
import { unnamedDatabases } from "../unnamed-databases.ts"
import type { Detection, FoundDatabase } from "./detection.ts"
import { uniqueNames } from "./postgres.ts"

type FoundPostgres = Extract<FoundDatabase, { engine: "postgres" }>

/** The detection with those added; a server that cannot be asked is named among what is not known. */
export async function withServedDatabases(
  detection: Detection,
  engines: DatabaseEngines,
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<Detection> {
  const found = detection.databases.filter((database) => database.engine === "postgres")
  const running = new Set(states.flatMap(({ service, state }) => (state === "running" ? [service] : [])))
  const more: FoundPostgres[] = []
  const unknown: string[] = []
  for (const service of new Set(found.map((one) => one.service))) {
    const own = found.filter((one) => one.service === service)
    const served = running.has(service) ? await servedBy(own, detection.project.projectName, engines, ctx) : "it does not run"
    if (typeof served === "string") unknown.push(`which databases the server ${service} holds (${served})`)
    else more.push(...served)
  }
  return { ...detection, databases: uniqueNames([...detection.databases, ...more]), unknown: [...detection.unknown, ...unknown] }
}

/** What the server of these holds beside them, for the same user; why it cannot be asked. */
async function servedBy(
  own: readonly FoundPostgres[],
  projectName: string,
  engines: DatabaseEngines,
  ctx: RunContext,
): Promise<readonly FoundPostgres[] | string> {
  try {
    const unnamed = await unnamedDatabases(engines, { databases: own.map((one) => sourceOf(one, projectName)) }, ctx)
    return own
      .slice(0, 1)
      .flatMap((first) =>
        unnamed.map(({ database, service }) => ({ ...first, name: database, database, why: `the server ${service} holds it` })),
      )
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    return thrown.message
  }
}

function sourceOf({ name, service, database, user }: FoundPostgres, projectName: string): PostgresSource {
  return { engine: "postgres", name, service, projectName, host: null, port: null, database, user, password: null, access: null }
}
