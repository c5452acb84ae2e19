/** An engine that goes wrong under an update of an app with a SQLite file; in the full run alone. */
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { describeEngineTrouble } from "./update-cells.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update in trouble", () => {
  useDocker(updateImages)
  describeEngineTrouble("sqlite", "an app with a SQLite file")
})
