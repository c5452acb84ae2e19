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
  const unasked = [...new Set(found.map(({ service }) => service))].filter((service) => !running.has(service))
  const more: FoundPostgres[] = []
  const unknown = unasked.map((service) => `which databases the server ${service} holds, because it does not run`)
  const { projectName } = detection.project
  for (const first of firstOfEach(found.filter(({ service }) => running.has(service)))) {
    const named = found.filter(({ service }) => service === first.service).map((one) => sourceOf(one, projectName))
    try {
      const served = await unnamedDatabases(engines, { databases: named }, ctx)
      more.push(...served.map(({ name }) => ({ ...first, name, database: name, why: `the server ${first.service} holds it` })))
    } catch (thrown) {
      if (!isHoldfastError(thrown)) throw thrown
      unknown.push(`which databases the server ${first.service} holds (${thrown.message})`)
    }
  }
  return { ...detection, databases: uniqueNames([...detection.databases, ...more]), unknown: [...detection.unknown, ...unknown] }
}

function firstOfEach(found: readonly FoundPostgres[]): readonly FoundPostgres[] {
  return [...new Map(found.toReversed().map((one) => [one.service, one])).values()]
}

function sourceOf({ name, service, database, user }: FoundPostgres, projectName: string): PostgresSource {
  return { engine: "postgres", name, service, projectName, host: null, port: null, database, user, password: null, access: null }
}
