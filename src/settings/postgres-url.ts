import { HoldfastError } from "../base/errors.ts"
import { Secret } from "../base/secret.ts"

export interface PostgresAddress {
  readonly host: string | null
  readonly port: number | null
  readonly database: string | null
  readonly user: string | null
  readonly password: Secret | null
}

const PLACEHOLDER = "__DB_PASSWORD__"

/**
 * Takes a `postgres://` address apart. `__DB_PASSWORD__` is filled with what `readPassword` gives, as the Chatalot updater does.
 * The address may hold a password, therefore it is in no message.
 * @throws SETTINGS_INVALID when it is not such an address
 */
export function parsePostgresUrl(address: Secret, readPassword: () => Secret | null, key: string): PostgresAddress {
  // Split by hand: a password with `#`, `/` or `%` written as it is must neither end the address nor be shown in an error.
  const match = /^postgres(?:ql)?:\/\/(?:([^:@/?]*)(?::(.*))?@)?([^@/?:[\]]*|\[[^\]]+\])(?::(\d+))?(?:\/([^?]*))?(?:\?(.*))?$/s.exec(
    address.reveal().trim(),
  )
  if (!match)
    throw new HoldfastError("SETTINGS_INVALID", {
      what: `${key} is not an address of a PostgreSQL database`,
      hint: "It has the form postgres://user:password@host:5432/database.",
    })
  const query = new URLSearchParams(match[6] ?? "")
  const host = query.get("host") ?? (match[3] ?? "").replace(/^\[|\]$/g, "")
  return {
    host: host === "" ? null : host,
    port: match[4] === undefined ? portOf(query.get("port")) : Number(match[4]),
    database: nonEmpty(decoded(match[5])),
    user: nonEmpty(decoded(match[1]) ?? query.get("user")),
    password: passwordOf(match[2], query.get("password"), readPassword, key),
  }
}

function passwordOf(inAddress: string | undefined, inQuery: string | null, readPassword: () => Secret | null, key: string): Secret | null {
  const text = decoded(inAddress) ?? inQuery
  if (text === null || text === "") return readPassword()
  if (!text.includes(PLACEHOLDER)) return new Secret(text)
  const password = readPassword()
  if (password === null)
    throw new HoldfastError("SECRET_UNAVAILABLE", {
      what: `${key} has ${PLACEHOLDER} and there is no file with the password`,
      hint: "Put the password into secrets/db_password, or name its file with `passwordFile`.",
    })
  return new Secret(text.replaceAll(PLACEHOLDER, () => password.reveal()))
}

function portOf(text: string | null): number | null {
  return text === null || !/^\d+$/.test(text) ? null : Number(text)
}

function nonEmpty(text: string | null): string | null {
  return text === null || text === "" ? null : text
}

function decoded(text: string | undefined): string | null {
  if (text === undefined) return null
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
