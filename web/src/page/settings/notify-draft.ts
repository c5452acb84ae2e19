import type { Notifications, NotificationsBody, NotifyEmail } from "../../../../src/contract/api/notifications.ts"

/** What the form holds: lists as one text each, as people paste them. */
export interface NotifyDraft {
  readonly emails: string
  readonly webhooks: string
  readonly ntfy: string
  readonly ping: string
  readonly onSuccess: boolean
  readonly server: NotifyEmail | null
}

export function notifyDraftOf({ always, email }: Notifications): NotifyDraft {
  return {
    emails: always?.emails.join("\n") ?? "",
    webhooks: always?.webhooks.join("\n") ?? "",
    ntfy: always?.ntfy.join("\n") ?? "",
    ping: always?.ping ?? "",
    onSuccess: always?.onSuccess ?? false,
    server: email,
  }
}

/** The service parts addresses itself; web addresses are one on each line. */
export function notifyBodyOf(draft: NotifyDraft): NotificationsBody {
  const always = {
    emails: draft.emails,
    webhooks: linesOf(draft.webhooks),
    ntfy: linesOf(draft.ntfy),
    ping: draft.ping.trim() === "" ? null : draft.ping.trim(),
    onSuccess: draft.onSuccess,
  }
  const nobody = draft.emails.trim() === "" && always.webhooks.length + always.ntfy.length === 0 && always.ping === null
  return { email: draft.server, always: nobody ? null : always }
}

function linesOf(text: string): string[] {
  return text.split(/\s+/).filter((line) => line !== "")
}
