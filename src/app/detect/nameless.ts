/** Volumes without a name: those that the compose file mounts so, and those that an image declares, which only a running container shows. */
import type { ComposeModel, ComposeService, ServiceState } from "../ports.ts"
import type { LeftOut } from "./detection.ts"
import { kindOf } from "./image-kind.ts"

export interface NamelessVolume {
  readonly service: string
  readonly target: string
}

/** As the engine calls a volume that nobody named. */
const GIVEN_NAME = /^[0-9a-f]{64}$/

/** Each place of a service once. */
export function namelessVolumes({ services }: ComposeModel, states: readonly ServiceState[]): readonly NamelessVolume[] {
  const written = services.flatMap(({ name, mounts }) =>
    mounts.flatMap(({ kind, source, target }) => (kind === "volume" && source === "" ? [{ service: name, target }] : [])),
  )
  const running = states.flatMap(({ service, mounts }) =>
    mounts.flatMap(({ kind, source, target }) => (kind === "volume" && GIVEN_NAME.test(source) ? [{ service, target }] : [])),
  )
  return [...new Map([...written, ...running].map((one) => [`${one.service} ${one.target}`, one])).values()]
}

/** No point holds any of them: what that means depends on who writes there. */
export function findNameless(
  model: ComposeModel,
  states: readonly ServiceState[],
): { readonly leftOut: readonly LeftOut[]; readonly notProtected: readonly LeftOut[] } {
  const found = namelessVolumes(model, states).flatMap((volume) => {
    const service = model.services.find(({ name }) => name === volume.service)
    return service === undefined ? [] : [judge(volume, service)]
  })
  return { leftOut: found.filter(({ held }) => held).map(toLeftOut), notProtected: found.filter(({ held }) => !held).map(toLeftOut) }
}

interface Judged extends LeftOut {
  /** What is in it is in a point in another way, or need not be. */
  readonly held: boolean
}

function judge({ service, target }: NamelessVolume, asked: ComposeService): Judged {
  const what = `the volume without a name of service ${service} at ${target}`
  const kind = kindOf(asked)
  if (kind.kind === "cache") return { what, why: `belongs to ${service} (${kind.engine}), a cache; it is filled again`, held: true }
  if (kind.kind === "postgres" && /postgres|pgdata/.test(target))
    return { what, why: `is the live directory of the database server ${service}; its databases are dumped instead`, held: true }
  const whose = kind.kind === "unknown-database" ? `holds the data of ${kind.engine}, an engine that Holdfast does not know, and ` : ""
  return { what, why: `${whose}is lost with its container; give it a name in the compose file if its data matters`, held: false }
}

function toLeftOut({ what, why }: Judged): LeftOut {
  return { what, why }
}
