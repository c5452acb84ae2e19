import { spawn } from "node:child_process"
import { once } from "node:events"
import { z } from "zod"

const eventSchema = z.object({ timeNano: z.number() })

export interface StartWatch {
  /** Ends the watching; repeating it is harmless. */
  end(): void
  stop(): Promise<readonly number[]>
}

/** Watches when containers of one service are started, from now until `stop`, which gives the times in milliseconds. */
export async function watchStarts(projectName: string, service: string): Promise<StartWatch> {
  const labels = [`com.docker.compose.project=${projectName}`, `com.docker.compose.service=${service}`]
  const filters = ["event=start", ...labels.map((label) => `label=${label}`)].flatMap((filter) => ["--filter", filter])
  // The past second is asked for as well, so that nothing is missed before the stream is open.
  const child = spawn("docker", ["events", "--since", "1s", "--format", "{{json .}}", ...filters], { stdio: ["ignore", "pipe", "inherit"] })
  await once(child, "spawn")
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
  const gone = once(child, "exit")
  const end = (): void => void child.kill("SIGTERM")
  return {
    end,
    stop: async () => {
      end()
      await gone
      const lines = text.split("\n").filter((line) => line !== "")
      return lines.map((line) => eventSchema.parse(JSON.parse(line)).timeNano / 1e6)
    },
  }
}
