import type { Grant, Role } from "../../../../src/contract/api/roles.ts"

/** What each role may, for those who choose one. */
export const roleMeans: Readonly<Record<Role, string>> = {
  owner: "Everything, accounts and vaults included",
  "backup.manage": "Back up, verify, drill, copy, expire, edit schedules",
  restore: "Restore, undo, browse and download files",
  "update.apply": "Apply updates",
  viewer: "Look, and change nothing",
}

/** `backup.manage for chat, wiki; viewer for all apps`. */
export function grantsWords(grants: readonly Grant[]): string {
  if (grants.length === 0) return "nothing"
  return grants
    .map(({ role, apps }) => (role === "owner" ? "everything (owner)" : `${role} for ${apps === null ? "all apps" : apps.join(", ")}`))
    .join("; ")
}
