/** What an app has and its settings do not name, so that no point holds it. */
export interface Unnamed {
  /** As `leaveOut` would say it: a declared volume, an absolute path, `service/database`. */
  readonly name: string
  /** `volume chat_media`, `database stats of the server db`. */
  readonly what: string
  /** A sentence about it, without its full stop. */
  readonly text: string
}
