/**
 * The script of the child process that opens databases: one job as JSON on standard input, one answer as JSON on standard output.
 * A child, because `VACUUM INTO` blocks the event loop, and because a process that has a database open must never open and
 * close the raw file besides (POSIX locks of the whole process are dropped): ours may have its own store open.
 */
import { readFileSync, writeSync } from "node:fs"
import { runJob } from "./child-jobs.ts"
import { jobSchema } from "./job.ts"

const answer = await runJob(jobSchema.parse(JSON.parse(readFileSync(0, "utf8"))))
writeAll(Buffer.from(JSON.stringify(answer)))

function writeAll(bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(1, bytes, written)
}
