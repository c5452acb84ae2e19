/** Status and body of a raw HTTP response; null when it is not one. */
export function parseHttpResponse(raw: string): { status: number; body: string } | null {
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(raw)?.[1]
  const end = /\r?\n\r?\n/.exec(raw)
  if (status === undefined || end === null) return null
  const head = raw.slice(0, end.index)
  const body = raw.slice(end.index + end[0].length)
  return { status: Number(status), body: /^transfer-encoding:.*chunked/im.test(head) ? joinChunks(body) : body }
}

/** Chunk lengths count bytes, so the text is cut as bytes. */
function joinChunks(text: string): string {
  const bytes = Buffer.from(text, "utf8")
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf("\r\n", at)
    const length = lineEnd < 0 ? 0 : Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16)
    if (!(length > 0)) break
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length))
    at = lineEnd + 2 + length + 2
  }
  return Buffer.concat(pieces).toString("utf8")
}
