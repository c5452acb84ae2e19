/** A file to be saved: never shown, never guessed at, whatever is in it (F143). */
export function attachment(name: string, body: ReadableStream<Uint8Array> | string, sizeBytes?: number): Response {
  return new Response(body, {
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${plainName(name)}"; filename*=UTF-8''${encodeURIComponent(name)}`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      ...(sizeBytes === undefined ? {} : { "content-length": String(sizeBytes) }),
    },
  })
}

/** Names are data: what could end the header or the path is not in it. */
function plainName(name: string): string {
  const plain = name.replaceAll(/[^\w .()+-]/g, "_").trim()
  return plain === "" || plain.startsWith(".") ? `file${plain}` : plain
}
