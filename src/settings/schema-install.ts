import { z } from "zod"
import { argv, path } from "./value.ts"

/** How a version of an app without containers is put in place. */
export const installSchema = z
  .strictObject({
    link: path
      .describe("Symbolic link that the program is started through; an update exchanges where it leads to.")
      .meta({ examples: ["/srv/app/current"] }),
    releases: path
      .describe("Directory that holds one directory for each version, named by the version.")
      .meta({ examples: ["/srv/app/releases"] }),
    build: argv
      .describe(
        "Run in the directory that the sources of a new version were written to, while the app runs (`source: git`); exits 0 when it is complete.",
      )
      .meta({ examples: [["make", "release"]] })
      .optional(),
    preFlight: argv
      .describe("Run in the new version's directory, on a copy of the data only; exits 0 where the update may be done.")
      .meta({ examples: [["./bin/check"]] })
      .optional(),
    migrate: argv
      .describe("Run in the new version's directory while the app stands still, and on a copy of the data before; exits 0 when it is done.")
      .meta({ examples: [["./bin/migrate"]] })
      .optional(),
  })
  .meta({ examples: [{ link: "/srv/app/current", releases: "/srv/app/releases" }] })
