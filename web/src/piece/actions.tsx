import { notifications } from "@mantine/notifications"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { accepted } from "../../../src/contract/api/shapes.ts"
import { ask } from "../wire/ask.ts"
import { problemOf } from "../wire/problem.ts"

/** Says shortly why something did not work, where the page has no better place for it. */
export function tellProblem(error: unknown): void {
  const { what, why, hint } = problemOf(error)
  notifications.show({
    color: "red",
    title: `${what.charAt(0).toUpperCase()}${what.slice(1)}`,
    message: [why, hint].filter((text) => text !== null).join(" "),
    autoClose: 12_000,
  })
}

export function tellDone(message: string): void {
  notifications.show({ color: "tide", message, autoClose: 5_000 })
}

interface Begin {
  readonly path: string
  readonly body?: unknown
}

interface Begun {
  readonly mutate: (begin: Begin) => void
  readonly isPending: boolean
}

/** Begins an operation on the host, then shows it live. */
export function useBegin(): Begun {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { mutate, isPending } = useMutation({
    mutationFn: async ({ path, body = {} }: Begin) => await ask(accepted, path, { method: "POST", body }),
    onSuccess: async ({ operationId }) => {
      void client.invalidateQueries({ queryKey: ["operations"] })
      if (operationId !== null) return await navigate({ to: "/activity/$id", params: { id: operationId } })
      tellDone("It waits until others have ended, then it runs.")
      return await navigate({ to: "/activity" })
    },
    onError: tellProblem,
  })
  return { mutate, isPending }
}
