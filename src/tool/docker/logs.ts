import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { inspectContainer } from "./service-containers.ts"

const HEADER_BYTES = 8

/** The last lines of standard output and error together, in the engine's order; empty when the container is gone. */
export async function tailOfLogs(client: Client, containerId: string, tailLines: number, ctx: RunContext): Promise<string> {
  const facts = await inspectContainer(client, containerId, ctx)
  if (facts === null) return ""
  const bytes = await client.find(
    `cannot read the log of container ${containerId}`,
    ctx,
    async (api) => await api.getContainer(containerId).logs({ stdout: true, stderr: true, tail: tailLines, follow: false }),
  )
  if (bytes === null) return ""
  return (facts.Config.Tty === true ? bytes : joinFrames(bytes)).toString("utf8").trimEnd()
}

/** The engine frames both streams of a container without a terminal: one byte of kind, three of nothing, four of length. */
export function joinFrames(bytes: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4)
    pieces.push(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length))
    at += HEADER_BYTES + length
  }
  return Buffer.concat(pieces)
}
