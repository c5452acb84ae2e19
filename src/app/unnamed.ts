/** What an app has and its settings do not name, so that no point holds it. */
export interface Unnamed {
  /** As `leaveOut` would say it: a declared volume, an absolute path, `service/database`. */
  readonly name: string
  /** `volume chat_media`, `database stats of the server db`. */
  readonly what: string
  /** A sentence about it, without its full stop. */
  readonly text: string
}

/** As whoever asked for a point, or for the state of things, is told of it. */
export function warningOf({ text }: Unnamed): string {
  return `${text}: its points do not hold it`
}
