import { expect, test } from "vitest"
import { hiddenProjects, hiddenState, inContainer } from "./container.ts"

test("a folder that a container does not see is told with the line that mounts it at its own path", () => {
  const places = [
    { app: "chat", directory: "/srv/chat" },
    { app: "notes", directory: "/srv/notes" },
  ]
  expect(hiddenProjects(places, (path) => path === "/srv/notes")).toEqual([
    {
      check: "container",
      subject: "chat",
      severity: "fail",
      what: "/srv/chat is not visible in this container",
      do: "Add `- /srv/chat:/srv/chat` to the volumes of the holdfast service in compose.yml, then run `docker compose up -d`.",
    },
  ])
})

test("a state that the host has elsewhere is told with the line that mounts it at its own path", () => {
  expect(hiddenState("/var/lib/holdfast")).toMatchObject({
    severity: "fail",
    what: expect.stringContaining("/var/lib/holdfast of this container is not /var/lib/holdfast of the host"),
    do: expect.stringContaining("mount that as `- /var/lib/holdfast:/var/lib/holdfast` in compose.yml"),
  })
})

test("containers of Docker and of Podman are told from a host", () => {
  expect(inContainer((path) => path === "/.dockerenv")).toBe(true)
  expect(inContainer((path) => path === "/run/.containerenv")).toBe(true)
  expect(inContainer(() => false)).toBe(false)
})
