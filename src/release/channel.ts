import { HoldfastError } from "../base/errors.ts"
import { channels, type Channel } from "./manifest.ts"
import type { TrustedRelease } from "./trust.ts"
import { compareVersionTexts } from "./version.ts"

/** What following another channel means, to be shown before it is done. */
export interface ChannelChange {
  readonly from: Channel
  readonly to: Channel
  readonly running: string
  /** The newest release of the new channel. */
  readonly offers: string
  /**
   * `update`: the new channel has a newer release. `same`: it has the running one. `wait`: what runs is newer than anything there; an
   * older version is never installed, so nothing changes until the channel has caught up.
   */
  readonly effect: "update" | "same" | "wait"
  /** From a channel that is tested more to one that is tested less. */
  readonly lessTested: boolean
  /** The vendor withdrew the release that the new channel offers. */
  readonly yanked: boolean
}

/** Pure; changes nothing. `offered` was trusted under the rules of the new channel. */
export function planChannelChange(from: Channel, running: string, offered: TrustedRelease): ChannelChange {
  const { channel: to, version, yanked } = offered.manifest
  const order = compareVersionTexts(version, running) ?? 0
  return {
    from,
    to,
    running,
    offers: version,
    effect: order < 0 ? "wait" : order > 0 ? "update" : "same",
    lessTested: channels.indexOf(to) > channels.indexOf(from),
    yanked: yanked.includes(version),
  }
}

/** A channel by its name. Throws USAGE. */
export function channelNamed(text: string): Channel {
  const channel = channels.find((one) => one === text)
  if (channel !== undefined) return channel
  throw new HoldfastError("USAGE", { what: `there is no channel ${text}`, hint: `Use one of ${channels.join(", ")}.` })
}
