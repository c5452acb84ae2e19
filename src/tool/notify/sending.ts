/** How one message is sent: how long it may take, and when to stop. */
export interface Sending {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}
