import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { accepted } from "../../../../src/contract/api/shapes.ts"
import { tellDone, tellProblem } from "../../piece/actions.tsx"
import { ask } from "../../wire/ask.ts"

interface Begin {
  readonly path: string
  readonly body?: unknown
}

/** Begins a rehearsal, an update or a rollback, and goes to where it is shown live. */
export function useBeginUpdate(app: string): { readonly mutate: (begin: Begin) => void; readonly isPending: boolean } {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { mutate, isPending } = useMutation({
    mutationFn: async ({ path, body = {} }: Begin) => await ask(accepted, path, { method: "POST", body }),
    onSuccess: async ({ operationId }) => {
      if (operationId === null) tellDone("It waits until others have ended, then it runs.")
      await client.invalidateQueries({ queryKey: ["app", app] })
      await navigate({ to: "/apps/$app/updates", params: { app } })
    },
    onError: tellProblem,
  })
  return { mutate, isPending }
}
