import { resolve } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import { Secret } from "../../base/secret.ts"
import type { MailServer, Receiver } from "../../posture/ports.ts"
import type { ReceiverRef } from "../../posture/receivers.ts"
import { secretFromEnvironment, secretFromFile } from "../../settings/secret-source.ts"
import type { Settings } from "../../settings/settings.ts"

/** A receiver with its secrets. Throws SECRET_UNAVAILABLE, and SETTINGS_INVALID for mail without a mail server. */
export function openReceiver(settings: Settings, { kind, address }: ReceiverRef): Receiver {
  if (kind === "email") return { kind, address, server: mailServer(settings) }
  const url = webAddress(settings, address)
  return kind === "ntfy" ? { kind, url, token: ntfyToken(settings) } : { kind, url }
}

function mailServer(settings: Settings): MailServer {
  const given = settings.notify?.email
  if (given === undefined) {
    throw new HoldfastError("SETTINGS_INVALID", {
      what: "the settings name mail addresses and no mail server",
      hint: "Set `notify.email` with `host` and `from`.",
    })
  }
  const { host, port, security, user, from, caFile } = given
  const authority = caFile === undefined ? null : secretFromFile(resolve(settings.directory, caFile), "notify.email.caFile").reveal()
  return { host, port, security, from, authority, user: user ?? null, password: mailPassword(settings, given) }
}

function mailPassword(
  settings: Settings,
  { passwordFile, password }: { passwordFile?: string | undefined; password?: string | undefined },
): Secret | null {
  if (passwordFile !== undefined) return secretFromFile(resolve(settings.directory, passwordFile), "notify.email.passwordFile")
  return password === undefined ? null : fromEnvironment(settings, password, "notify.email.password")
}

function ntfyToken(settings: Settings): Secret | null {
  const token = settings.notify?.ntfyToken
  return token === undefined ? null : fromEnvironment(settings, token, "notify.ntfyToken")
}

function webAddress(settings: Settings, address: string): Secret {
  return address.startsWith("env:") ? fromEnvironment(settings, address, "an address of notify") : new Secret(address)
}

function fromEnvironment(settings: Settings, reference: string, key: string): Secret {
  return secretFromEnvironment(reference, (name) => settings.environment[name], key)
}
