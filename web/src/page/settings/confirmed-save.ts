import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import type { z } from "zod"
import { tellDone } from "../../piece/actions.tsx"
import { useConfirmPerson } from "../../shell/confirm-person.tsx"
import { ask } from "../../wire/ask.ts"

interface Sending<Answer> {
  readonly path: string
  readonly method: "POST" | "PATCH" | "DELETE"
  readonly body?: unknown
  /** What to say when it worked; nothing when the answer itself is shown. */
  readonly done?: string
  readonly onDone: (answer: Answer) => void
}

interface ConfirmedSave<Answer> {
  readonly send: (sending: Sending<Answer>) => void
  /** The person is being asked to confirm: other dialogs make room. */
  readonly isConfirming: boolean
  readonly isPending: boolean
  readonly error: unknown
  readonly reset: () => void
}

/** Sends a change of accounts once the person has confirmed who they are, then has `key` asked again. */
export function useConfirmedSave<Schema extends z.ZodType>(schema: Schema, key: readonly string[]): ConfirmedSave<z.output<Schema>> {
  const client = useQueryClient()
  const confirmPerson = useConfirmPerson()
  const [isConfirming, setConfirming] = useState(false)
  const mutation = useMutation({
    mutationFn: async ({ path, method, body, done, onDone }: Sending<z.output<Schema>>) => {
      setConfirming(true)
      const confirmed = await confirmPerson().finally(() => setConfirming(false))
      if (!confirmed) return
      const answer = await ask(schema, path, { method, ...(body === undefined ? {} : { body }) })
      if (done !== undefined) tellDone(done)
      await client.invalidateQueries({ queryKey: key })
      void client.invalidateQueries({ queryKey: ["me"] })
      onDone(answer)
    },
  })
  return {
    send: (sending) => mutation.mutate(sending),
    isConfirming,
    isPending: mutation.isPending,
    error: mutation.error,
    reset: () => mutation.reset(),
  }
}
