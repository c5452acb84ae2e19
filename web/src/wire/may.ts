import { useQuery } from "@tanstack/react-query"
import { isGranted, type Role } from "../../../src/contract/api/roles.ts"
import { meQuery } from "./queries.ts"

/** Whether whoever is signed in may do it for this app (null: for all); what they may not do is not offered. */
export function useMay(): (role: Role, app: string | null) => boolean {
  const { data } = useQuery(meQuery)
  return (role, app) => data !== undefined && isGranted(data.grants, role, app)
}
