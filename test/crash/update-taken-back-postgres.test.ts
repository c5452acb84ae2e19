/** SIGKILL while an update takes itself back, of an app with PostgreSQL; in the full run alone. */
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { describeTakenBack } from "./update-cells.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update that is taken back", () => {
  useDocker(updateImages)
  describeTakenBack("postgres", "an app with PostgreSQL")
})
