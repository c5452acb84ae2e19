/** SIGKILL at every journaled step of an update of an app with PostgreSQL; in the full run alone. */
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { describeKilled } from "./update-cells.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update, killed", () => {
  useDocker(updateImages)
  describeKilled("postgres", "an app with PostgreSQL")
})
