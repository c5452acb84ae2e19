import { z } from "zod"
import { flag, name, neutral, nothing, text, whole } from "./neutral.ts"

/** A named volume of the default driver; an option of a driver could bind any host path (`o=bind`, F133). */
const driver = z
  .strictObject({ Name: neutral("", "local"), Options: nothing })
  .nullable()
  .transform(() => undefined)
  .optional()

const volume = z.strictObject({
  Type: z.literal("volume"),
  Source: z.union([name, z.literal("")]).optional(),
  Target: text.regex(/^\//),
  ReadOnly: flag.optional(),
  Consistency: neutral("", "default", "consistent", "cached", "delegated"),
  VolumeOptions: z.strictObject({ NoCopy: flag.optional(), Labels: nothing, DriverConfig: driver, Subpath: nothing }).nullable().optional(),
})

const bind = z.strictObject({
  Type: z.literal("bind"),
  Source: text,
  Target: text.regex(/^\//),
  ReadOnly: flag.optional(),
  Consistency: neutral("", "default", "consistent", "cached", "delegated"),
  BindOptions: z
    .strictObject({
      Propagation: z.enum(["", "private", "rprivate"]).optional(),
      NonRecursive: flag.optional(),
      CreateMountpoint: flag.optional(),
      ReadOnlyNonRecursive: nothing,
      ReadOnlyForceRecursive: nothing,
    })
    .nullable()
    .optional(),
})

const tmpfs = z.strictObject({
  Type: z.literal("tmpfs"),
  Target: text.regex(/^\//),
  Source: nothing,
  ReadOnly: flag.optional(),
  Consistency: nothing,
  TmpfsOptions: z.strictObject({ SizeBytes: whole.optional(), Mode: whole.optional(), Options: nothing }).nullable().optional(),
})

/** A member of `HostConfig.Mounts`. */
export const mountSchema = z.discriminatedUnion("Type", [volume, bind, tmpfs])
