import { spawn } from "node:child_process"

/** Runs a program with our terminal; resolves with its exit code, 1 when it died from a signal or is not there. */
export function runStep(name: string, argv: readonly [string, ...string[]]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: "inherit" })
    child.on("error", (error) => {
      console.error(`${name}: ${error.message}`)
      resolve(1)
    })
    child.on("close", (code) => resolve(code ?? 1))
  })
}
