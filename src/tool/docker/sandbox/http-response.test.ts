import { expect, it } from "vitest"
import { parseHttpResponse } from "./http-response.ts"

it("takes status and body apart, also in chunks whose lengths count bytes", () => {
  expect(parseHttpResponse("HTTP/1.1 503 Unavailable\r\nA: b\r\n\r\nno\r\n\r\nyes")).toEqual({ status: 503, body: "no\r\n\r\nyes" })
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\né!\r\n2\r\nok\r\n0\r\n\r\n"
  expect(parseHttpResponse(chunked)).toEqual({ status: 200, body: "é!ok" })
})

it("does not take anything else for a response", () => {
  for (const raw of ["", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b"]) expect(parseHttpResponse(raw)).toBeNull()
})
