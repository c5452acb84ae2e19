/** A registry that is gone and disks that are full under an update of an app with PostgreSQL; in the full run alone. */
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { describeTroubled } from "./update-cells.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update in trouble", () => {
  useDocker(updateImages)
  describeTroubled("postgres", "an app with PostgreSQL")
})
