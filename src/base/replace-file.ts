import { chown, realpath, stat } from "node:fs/promises"
import { writeFileDurably } from "./durable-file.ts"

/** Durably gives a file that is there another content. A link stays a link; owner and mode stay what they are. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const real = await realpath(path)
  const { mode, uid, gid } = await stat(real)
  await writeFileDurably(real, content, mode & 0o777)
  await chown(real, uid, gid)
}
