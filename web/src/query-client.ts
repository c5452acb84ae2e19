import { QueryCache, QueryClient } from "@tanstack/react-query"
import { Problem } from "./wire/problem.ts"

const FRESH_MS = 5_000

/** Refusals are answers: asking again changes nothing. Only silence and trouble of the service are worth another try. */
function worthAnotherTry(failures: number, error: Error): boolean {
  if (!(error instanceof Problem)) return false
  const { status } = error.facts
  return failures < 2 && (status === 0 || status >= 500)
}

export const queryClient: QueryClient = new QueryClient({
  defaultOptions: { queries: { staleTime: FRESH_MS, retry: worthAnotherTry }, mutations: { retry: false } },
  queryCache: new QueryCache({
    // A session that has ended shows the sign-in again, wherever that is noticed first.
    onError: (error, query) => {
      if (error instanceof Problem && error.facts.status === 401 && query.queryKey[0] !== "me")
        void queryClient.resetQueries({ queryKey: ["me"] })
    },
  }),
})
