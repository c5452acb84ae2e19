import type { InstallableRelease } from "../release/installable.ts"
import { imagesOfRelease } from "./place/pull-images.ts"

/** What a release is, whatever it is called: its images by digest, or its directory with what is in it. */
export function contentOf(release: Pick<InstallableRelease, "images" | "directory">): readonly string[] {
  const { directory } = release
  return directory === undefined ? imagesOfRelease(release) : [`${directory.path}@${directory.digest}`]
}
