import { existsSync } from "node:fs"
import { trouble, type Finding } from "../finding.ts"

/** A folder that an app lives in, as the settings name it. */
export interface ProjectPlace {
  readonly app: string
  /** Absolute. */
  readonly directory: string
}

/** What tells a process that it runs in a container of Docker or of Podman. */
const MARKERS = ["/.dockerenv", "/run/.containerenv"]

export function inContainer(exists: (path: string) => boolean = existsSync): boolean {
  return MARKERS.some(exists)
}

/** Containers that Holdfast starts are given files of its state by their path, which the engine looks for on its host. */
export function hiddenState(stateDirectory: string): Finding {
  return trouble(
    "fail",
    "container",
    "holdfast",
    `${stateDirectory} of this container is not ${stateDirectory} of the host: drills and rehearsals in containers cannot be given files`,
    `Copy what it holds to the host's ${stateDirectory}, mount that as \`- ${stateDirectory}:${stateDirectory}\` in compose.yml, then run \`docker compose up -d\`.`,
  )
}

/**
 * Folders that this container does not see at their own path, each with the line that is missing. Elsewhere than at their own path a
 * relative bind mount of the app would mean another folder.
 */
export function hiddenProjects(places: readonly ProjectPlace[], exists: (path: string) => boolean = existsSync): readonly Finding[] {
  return places
    .filter(({ directory }) => !exists(directory))
    .map(({ app, directory }) =>
      trouble(
        "fail",
        "container",
        app,
        `${directory} is not visible in this container`,
        `Add \`- ${directory}:${directory}\` to the volumes of the holdfast service in compose.yml, then run \`docker compose up -d\`.`,
      ),
    )
}
