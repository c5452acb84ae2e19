import { existsSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { Secret } from "../base/secret.ts"
import type { ComposeModel, ComposeService } from "./ports.ts"

/** Password of a Postgres service: `POSTGRES_PASSWORD`, or the compose secret that `POSTGRES_PASSWORD_FILE` points to. */
export function passwordOfService(service: ComposeService, model: ComposeModel): Secret | null {
  const direct = service.environment["POSTGRES_PASSWORD"] ?? service.environment["POSTGRESQL_PASSWORD"]
  if (direct !== undefined && direct.reveal() !== "") return direct
  const target = (service.environment["POSTGRES_PASSWORD_FILE"] ?? service.environment["POSTGRESQL_PASSWORD_FILE"])?.reveal()
  const file = target === undefined ? undefined : model.secretFiles[basename(target)]
  if (file === undefined || !existsSync(file)) return null
  const text = readFileSync(file, "utf8").replace(/\r?\n$/, "")
  return text === "" ? null : new Secret(text)
}
