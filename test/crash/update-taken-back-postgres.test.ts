/** SIGKILL while an update takes itself back, of an app with PostgreSQL; in the full run alone. */
import { describeTakenBack } from "./update-cells.ts"

describeTakenBack("postgres", "an app with PostgreSQL")
