/** A registry that is gone and disks that are full under an update of an app with a SQLite file; in the full run alone. */
import { describeTroubled } from "./update-cells.ts"

describeTroubled("sqlite", "an app with a SQLite file")
