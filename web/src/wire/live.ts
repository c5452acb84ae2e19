import type { QueryClient } from "@tanstack/react-query"
import { useEffect, useReducer } from "react"
import { liveEvent, operationEvent, type OperationEvent } from "../../../src/contract/api/operations.ts"
import { place } from "./place.ts"

/** Listens to what changes on the host, and has what is shown of it asked again. Gives back how to stop. */
export function listen(client: QueryClient): () => void {
  const source = new EventSource("/api/v1/events")
  let lost = false
  source.addEventListener("error", () => {
    lost = true
  })
  source.addEventListener("open", () => {
    // What happened while nobody listened is not told again.
    if (lost) void client.invalidateQueries()
    lost = false
  })
  source.addEventListener("message", ({ data }: MessageEvent<string>) => {
    const event = liveEvent.safeParse(JSON.parse(data))
    if (event.success) for (const key of keysOf(event.data.type, event.data.app)) void client.invalidateQueries({ queryKey: key })
  })
  return () => source.close()
}

function keysOf(type: "operation" | "alarm" | "settings", app: string | null): readonly (readonly string[])[] {
  const apps = app === null ? [["app"]] : [["app", app]]
  if (type === "settings") return [["overview"], ["me"], ["vaults"], ["notifications"], ...apps]
  if (type === "alarm") return [["overview"], ...apps]
  return [["overview"], ["operations"], ["operation"], ["vaults"], ...apps]
}

/** What an operation says while it runs. What was told before is told again when the connection comes back, so a new one starts afresh. */
export function useOperationEvents(id: string, running: boolean): readonly OperationEvent[] {
  const [events, say] = useReducer(
    (told: readonly OperationEvent[], event: OperationEvent | null) => (event === null ? [] : withEvent(told, event)),
    [],
  )
  useEffect(() => {
    if (!running) return undefined
    const source = new EventSource(place`/api/v1/operations/${id}/events`)
    source.addEventListener("open", () => say(null))
    source.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const event = operationEvent.safeParse(JSON.parse(data))
      if (!event.success) return
      say(event.data)
      if (event.data.type === "end") source.close()
    })
    return () => source.close()
  }, [id, running])
  return events
}

/** Amounts of one step replace each other; everything else is kept in its order. */
export function withEvent(told: readonly OperationEvent[], event: OperationEvent): readonly OperationEvent[] {
  const last = told.at(-1)
  if (event.type === "amount" && last?.type === "amount") return [...told.slice(0, -1), event]
  return [...told, event]
}
