/** What a release is and when it may be trusted: manifest, signature, pinned key, channel, and the versions on the way to it (design §10). Decides; fetches and installs nothing. */
export { canonicalManifest, channels, readManifest, type Channel, type Hop, type ReleaseManifest } from "./manifest.ts"
export { pinKey, readPublicKey, type PinnedKey, type PublicKey } from "./public-key.ts"
export { verifySignature, type Signature } from "./signature.ts"
export { trustHop, trustRelease, type TrustedRelease, type TrustRules } from "./trust.ts"
export { planChannelChange, type ChannelChange } from "./channel.ts"
export { chainOfHops } from "./hops.ts"
export { confirmKey, readKeyAnnouncement, refuseUnknownKey, type AnnouncedKey } from "./key-rotation.ts"
