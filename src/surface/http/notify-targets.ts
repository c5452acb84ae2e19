import type { Json } from "../../base/canonical-json.ts"
import type { NotifyTargets, NotifyTargetsBody } from "../../contract/api/notify-targets.ts"
import { splitAddresses } from "../../settings/addresses.ts"
import type { Settings } from "../../settings/settings.ts"

/** A `notify` of the settings: of everything, of an app, of one schedule. */
type Notice = NonNullable<NonNullable<Settings["notify"]>["always"]>

export function shownTargets({ emails, webhooks, ntfy, ping, onSuccess }: Notice): NotifyTargets {
  return {
    emails: typeof emails === "string" ? [...splitAddresses(emails)] : [...(emails ?? [])],
    webhooks: [...(webhooks ?? [])],
    ntfy: [...(ntfy ?? [])],
    ping: ping ?? null,
    onSuccess,
  }
}

/** As the file has it: addresses one by one, each once; members that say nothing are left out. */
export function writtenTargets({ emails, ...rest }: NotifyTargetsBody): Json {
  return written({ emails: [...splitAddresses(typeof emails === "string" ? emails : emails.join(" "))], ...rest })
}

/** Without what says nothing. */
export function written(value: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== null && !(Array.isArray(member) && member.length === 0)),
  )
}
