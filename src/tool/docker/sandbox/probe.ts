import type { Argv } from "../../../app/app.ts"
import type { ExecResult } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Client } from "../client.ts"
import { execIn } from "../exec.ts"
import { runHelper } from "../throwaway.ts"
import { parseHttpResponse } from "./http-response.ts"

export interface ProbeTarget {
  readonly service: string
  readonly containerId: string
  /** The name that answers on the sandbox's network. */
  readonly host: string
  readonly network: string
  readonly port: number
  readonly path: string
}

const LIMIT_SECONDS = 10

/** The request stays open after it was sent: some servers take a half-closed connection for a client that went away. */
const HELPER_SCRIPT = `busybox mkfifo /request && { { busybox printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' "$3" "$1"; busybox sleep "$4"; } > /request & } && exec busybox nc -w "$4" "$1" "$2" < /request`

/** Longer than any tool of the probe waits; it ends what hangs all the same (busybox `wget -T` crashes on Debian, so wget gets no limit of its own). */
const HARD_LIMIT_MS = 2 * LIMIT_SECONDS * 1000

/** With whatever the app's own image has; the answer is brought into the form of a raw response. */
const INSIDE_SCRIPT = `if command -v curl >/dev/null 2>&1; then exec curl -s -i --http1.0 --max-time "$4" "http://$1:$2$3"; fi
if command -v wget >/dev/null 2>&1; then
  body=$(wget -q -O - "http://$1:$2$3" 2>/tmp/.holdfast-probe) && { printf 'HTTP/1.0 200 OK\\r\\n\\r\\n%s' "$body"; exit 0; }
  code=$(sed -n 's/.*\\(HTTP\\/1\\.[01]\\|ERROR\\) \\([0-9][0-9][0-9]\\).*/\\2/p' /tmp/.holdfast-probe | tail -n 1); rm -f /tmp/.holdfast-probe
  if [ -n "$code" ]; then printf 'HTTP/1.0 %s -\\r\\n\\r\\n' "$code"; exit 0; fi; exit 1
fi
exec bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET %s HTTP/1.0\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n" "$3" "$1" >&3 && exec cat <&3' bash "$@"`

/** A GET that never leaves the sandbox (design §6). Throws CONTAINER_FAILED when nothing answers. */
export async function probe(
  client: Client,
  helperImage: string | null,
  target: ProbeTarget,
  ctx: RunContext,
): Promise<{ status: number; body: string }> {
  const values = [target.host, String(target.port), target.path, String(LIMIT_SECONDS)]
  const result =
    helperImage === null
      ? await execIn(client, target.containerId, ["sh", "-c", INSIDE_SCRIPT, "sh", ...values], { timeoutMs: HARD_LIMIT_MS }, ctx)
      : await probeFromHelper(client, helperImage, target.network, ["busybox", "sh", "-c", HELPER_SCRIPT, "sh", ...values], ctx)
  const response = parseHttpResponse(result.stdout)
  if (response !== null) return response
  throw new HoldfastError("CONTAINER_FAILED", {
    what: `service ${target.service} does not answer on port ${target.port}`,
    why: result.stderrTail === "" ? "it closed the connection without an HTTP response" : result.stderrTail,
  })
}

async function probeFromHelper(client: Client, image: string, network: string, argv: Argv, ctx: RunContext): Promise<ExecResult> {
  return await runHelper(client, { image, argv, network, binds: [], environment: {}, timeoutMs: HARD_LIMIT_MS }, ctx)
}
