import type { NotifyTargets, NotifyTargetsBody } from "../../../src/contract/api/notify-targets.ts"

/** Who is told, as a form holds it: lists as one text each, as people paste them. */
export interface TargetsDraft {
  readonly emails: string
  readonly webhooks: string
  readonly ntfy: string
  readonly ping: string
  readonly onSuccess: boolean
}

export function targetsDraftOf(targets: NotifyTargets | null): TargetsDraft {
  return {
    emails: targets?.emails.join("\n") ?? "",
    webhooks: targets?.webhooks.join("\n") ?? "",
    ntfy: targets?.ntfy.join("\n") ?? "",
    ping: targets?.ping ?? "",
    onSuccess: targets?.onSuccess ?? false,
  }
}

/** The service parts addresses itself; web addresses are one on each line. Null: nobody. */
export function targetsBodyOf(draft: TargetsDraft): NotifyTargetsBody | null {
  const targets = {
    emails: draft.emails,
    webhooks: linesOf(draft.webhooks),
    ntfy: linesOf(draft.ntfy),
    ping: draft.ping.trim() === "" ? null : draft.ping.trim(),
    onSuccess: draft.onSuccess,
  }
  const nobody = draft.emails.trim() === "" && targets.webhooks.length + targets.ntfy.length === 0 && targets.ping === null
  return nobody ? null : targets
}

function linesOf(text: string): string[] {
  return text.split(/\s+/).filter((line) => line !== "")
}
