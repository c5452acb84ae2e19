/** An address with its values escaped; `?name=` whose value is undefined is left out. */
export function place(texts: TemplateStringsArray, ...values: readonly (string | number | undefined)[]): string {
  const whole = texts
    .map((text, index) => {
      const value = values[index]
      return index < values.length ? `${text}${value === undefined ? LEFT_OUT : encodeURIComponent(value)}` : text
    })
    .join("")
  const [path = "", query] = whole.split("?")
  const kept = (query ?? "").split("&").filter((pair) => pair !== "" && !pair.endsWith(LEFT_OUT))
  return kept.length === 0 ? path : `${path}?${kept.join("&")}`
}

/** Cannot come out of encodeURIComponent. */
const LEFT_OUT = "\0"
