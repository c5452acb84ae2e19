/** The folders from the top of a part down to `path`, each with its own address. */
export function crumbsOf(path: string): readonly { readonly name: string; readonly path: string }[] {
  const names = path.split("/").filter((name) => name !== "")
  return [{ name: "top", path: "/" }, ...names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join("/")}` }))]
}

/** The last name of a path; the whole of it when there is none. */
export function nameIn(path: string): string {
  const name = path.split("/").findLast((piece) => piece !== "")
  return name ?? path
}
