import { describe, expect, it } from "vitest"
import { Secret } from "../../base/secret.ts"
import { parseRestartPolicy } from "./container.ts"
import { parseEndpoint } from "./endpoint.ts"
import { environmentLines, shellExports } from "./environment-file.ts"
import { joinFrames } from "./logs.ts"

describe("what Docker says and is told", () => {
  it("addresses of engines are told apart", () => {
    expect(parseEndpoint("unix:///run/docker.sock", false)).toMatchObject({ kind: "socket", path: "/run/docker.sock" })
    expect(parseEndpoint("tcp://10.0.0.1", true)).toMatchObject({ kind: "tcp", host: "10.0.0.1", port: 2376, tls: true })
    expect(parseEndpoint("tcp://[::1]:99", false)).toMatchObject({ host: "::1", port: 99 })
    expect(() => parseEndpoint("ssh://host", false)).toThrow("the Docker engine's address ssh://host is of a kind that is not supported")
  })

  it("restart policies are put back with their number of tries", () => {
    expect(parseRestartPolicy("on-failure:3")).toEqual({ Name: "on-failure", MaximumRetryCount: 3 })
    expect(parseRestartPolicy("unless-stopped")).toEqual({ Name: "unless-stopped", MaximumRetryCount: 0 })
  })

  it("the frames of a log are joined, and a cut one does no harm", () => {
    const frame = (kind: number, text: string): Buffer =>
      Buffer.concat([Buffer.from([kind, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)])
    const whole = Buffer.concat([frame(1, "out\n"), frame(2, "err\n")])
    expect(joinFrames(whole).toString()).toBe("out\nerr\n")
    expect(joinFrames(whole.subarray(0, -2)).toString()).toBe("out\ner")
  })

  it("values are carried as they are, and one that cannot be carried is refused without being shown", () => {
    expect(environmentLines({ A: 'x "y" $z', B: new Secret("s") })).toBe('A=x "y" $z\nB=s\n')
    expect(shellExports({ A: "it's\n$x" })).toBe(`export A='it'\\''s\n$x'\n`)
    expect(() => environmentLines({ A: new Secret("two\nlines") })).toThrow(
      "the value of A holds a line break, which cannot be handed to a container",
    )
    expect(() => shellExports({ "A;rm": "x" })).toThrow('"A;rm" is not a name of an environment variable')
  })
})
