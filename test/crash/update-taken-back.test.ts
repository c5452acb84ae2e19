/** SIGKILL while an update takes itself back, of an app with a SQLite file. */
import { describeTakenBack } from "./update-cells.ts"

describeTakenBack("sqlite", "an app with a SQLite file")
