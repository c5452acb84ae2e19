/** SIGKILL at every journaled step of a rollback by hand, of an app with a SQLite file; in the full run alone. */
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { describeRolledBack } from "./update-cells.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("a rollback, killed", () => {
  useDocker(updateImages)
  describeRolledBack("sqlite", "an app with a SQLite file")
})
