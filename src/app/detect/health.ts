import { z } from "zod"
import type { ComposeModel, ComposeService } from "../ports.ts"
import type { FoundHealth } from "./detection.ts"
import { kindOf } from "./image-kind.ts"

const checkSchema = z.object({
  services: z.record(z.string(), z.looseObject({ healthcheck: z.object({ test: z.union([z.string(), z.array(z.string())]) }).optional() })),
})

/** The first app service that says how it is asked; by its published port where there is one, else inside its container. */
export function findHealth(model: ComposeModel): FoundHealth | null {
  const document = checkSchema.safeParse(model.document)
  if (!document.success) return null
  for (const service of model.services) {
    const test = document.data.services[service.name]?.healthcheck?.test
    const found = test === undefined || kindOf(service).kind !== "app" || !service.hasHealthCheck ? null : healthOf(service, test)
    if (found !== null) return found
  }
  return null
}

function healthOf(service: ComposeService, test: string | readonly string[]): FoundHealth | null {
  const words = typeof test === "string" ? ["CMD-SHELL", test] : test
  const line = words.slice(1).join(" ").replaceAll("$$", "$")
  const address = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(\/[^\s"'|;]*)?/.exec(line)
  const published = address === null ? undefined : service.publishedPorts.find((port) => port.target === Number(address[1] ?? "80"))
  const why = `the health check of the service ${service.name}`
  if (address !== null && published !== undefined)
    return { url: `http://${hostOf(published.host)}:${published.published}${address[2] ?? "/"}`, command: null, why }
  const rest = words.slice(1)
  const [first] = rest
  if (first === undefined) return null
  if (words[0] === "CMD-SHELL") return { url: null, command: { service: service.name, argv: ["sh", "-c", line] }, why }
  return { url: null, command: { service: service.name, argv: [first, ...rest.slice(1)] }, why }
}

function hostOf(host: string): string {
  return host === "" || host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host
}
