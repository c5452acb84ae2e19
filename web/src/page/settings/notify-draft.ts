import type { Notifications, NotificationsBody, NotifyEmail } from "../../../../src/contract/api/notifications.ts"
import { targetsBodyOf, targetsDraftOf, type TargetsDraft } from "../../piece/targets-draft.ts"

/** What the form holds. */
export interface NotifyDraft extends TargetsDraft {
  readonly server: NotifyEmail | null
}

export function notifyDraftOf({ always, email }: Notifications): NotifyDraft {
  return { ...targetsDraftOf(always), server: email }
}

export function notifyBodyOf(draft: NotifyDraft): NotificationsBody {
  return { email: draft.server, always: targetsBodyOf(draft) }
}
