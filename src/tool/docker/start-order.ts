/** Who starts before whom: compose writes on each container what its service depends on. Pure. */

const DEPENDS_ON = "com.docker.compose.depends_on"

export interface Dependency {
  readonly service: string
  /** `service_started`, `service_healthy`, `service_completed_successfully`. */
  readonly condition: string
}

export interface Labelled {
  readonly service: string
  readonly labels: Readonly<Record<string, string>>
}

/** `redis:service_healthy:true,mail:service_started:false`; the last says whether they restart together. None for containers of Compose 1. */
export function dependenciesOf({ labels }: Labelled): readonly Dependency[] {
  return (labels[DEPENDS_ON] ?? "").split(",").flatMap((entry) => {
    const [service = "", condition = ""] = entry.split(":")
    return service === "" ? [] : [{ service, condition }]
  })
}

/**
 * Everything of a round may start at once, when the rounds before it run; to stop, the other way round. Compose makes no circles; what labels
 * by hand lead in one is the last round. The order within a round is the given one.
 */
export function startRounds<T extends Labelled>(all: readonly T[]): readonly (readonly T[])[] {
  const rounds: (readonly T[])[] = []
  let left = all
  while (left.length > 0) {
    const waiting = new Set(left.map(({ service }) => service))
    const ready = left.filter((one) => !dependenciesOf(one).some(({ service }) => service !== one.service && waiting.has(service)))
    if (ready.length === 0) return [...rounds, left]
    rounds.push(ready)
    left = left.filter((one) => !ready.includes(one))
  }
  return rounds
}
