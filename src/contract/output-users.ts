/** Documents of `user`. The rules of `output.ts` hold. */
import { z } from "zod"
import { user } from "./api/accounts.ts"

/** `user list` */
export const usersOutput = z.object({ format: z.literal("holdfast.users"), version: z.literal(1), users: z.array(user) })

/** `user add`, `reset`, `remove` and `role`: the user as it now is, or as it was. */
export const userOutput = z.object({ format: z.literal("holdfast.user"), version: z.literal(1), user })

export type UsersOutput = z.infer<typeof usersOutput>
export type UserOutput = z.infer<typeof userOutput>
