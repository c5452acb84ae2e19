import { z } from "zod"
import { mountSchema } from "./mount.ts"
import { flag, neutral, nothing, shortText, text, texts, whole } from "./neutral.ts"

const port = z.strictObject({
  HostIp: shortText.optional(),
  HostPort: z
    .string()
    .regex(/^\d{0,5}(-\d{1,5})?$/)
    .optional(),
})
const ports = z.record(z.string().regex(/^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/), z.array(port).max(64).nullable())

const capabilities = z
  .array(z.string().regex(/^[A-Za-z_]{1,40}$/))
  .max(64)
  .nullable()
  .optional()

/** Only drivers that keep the log on this host, in their usual place. */
const logConfig = z.strictObject({
  Type: z.enum(["", "json-file", "local", "none"]).optional(),
  Config: z
    .partialRecord(z.enum(["max-size", "max-file", "compress", "mode", "max-buffer-size", "labels", "tag"]), shortText)
    .nullable()
    .optional(),
})

export const restartPolicySchema = z.strictObject({
  Name: z.enum(["", "no", "always", "unless-stopped", "on-failure"]).optional(),
  MaximumRetryCount: whole.optional(),
})

/** What a container may use up. */
export const resources = {
  Memory: whole.optional(),
  MemoryReservation: whole.optional(),
  MemorySwap: whole.optional(),
  MemorySwappiness: whole.nullable().optional(),
  NanoCpus: whole.optional(),
  CpuShares: whole.optional(),
  CpuPeriod: whole.optional(),
  CpuQuota: whole.optional(),
  CpusetCpus: shortText.optional(),
  CpusetMems: shortText.optional(),
  PidsLimit: whole.nullable().optional(),
  BlkioWeight: whole.min(0).max(1000).optional(),
} as const

/** What would reach the host by its devices or its memory; only its absence is accepted. */
const hostResources = {
  CpuRealtimePeriod: nothing,
  CpuRealtimeRuntime: nothing,
  BlkioWeightDevice: nothing,
  BlkioDeviceReadBps: nothing,
  BlkioDeviceWriteBps: nothing,
  BlkioDeviceReadIOps: nothing,
  BlkioDeviceWriteIOps: nothing,
  Devices: nothing,
  DeviceCgroupRules: nothing,
  DeviceRequests: nothing,
  CgroupParent: nothing,
  KernelMemory: nothing,
  KernelMemoryTCP: nothing,
  OomKillDisable: nothing,
  CpuCount: nothing,
  CpuPercent: nothing,
  IOMaximumIOps: nothing,
  IOMaximumBandwidth: nothing,
} as const

/** What would reach the host or another container by its namespaces, its rights or its files. */
const hostReach = {
  Privileged: nothing,
  PidMode: nothing,
  UTSMode: nothing,
  UsernsMode: nothing,
  Cgroup: nothing,
  VolumesFrom: nothing,
  VolumeDriver: neutral("", "local"),
  Links: nothing,
  ContainerIDFile: nothing,
  StorageOpt: nothing,
  Annotations: nothing,
  Runtime: neutral("", "runc"),
  Isolation: neutral("", "default"),
  MaskedPaths: neutral(),
  ReadonlyPaths: neutral(),
  ConsoleSize: z
    .array(whole)
    .max(2)
    .nullable()
    .transform(() => undefined)
    .optional(),
} as const

export const hostConfigSchema = z.strictObject({
  ...resources,
  ...hostResources,
  ...hostReach,
  Binds: texts,
  Mounts: z.array(mountSchema).max(128).nullable().optional(),
  Tmpfs: z
    .record(text.regex(/^\//), z.string().regex(/^[a-z0-9=,%]*$/))
    .nullable()
    .optional(),
  NetworkMode: shortText.optional(),
  IpcMode: z.enum(["", "none", "private"]).optional(),
  CgroupnsMode: z.enum(["", "private"]).optional(),
  PortBindings: ports.nullable().optional(),
  PublishAllPorts: flag.optional(),
  RestartPolicy: restartPolicySchema.nullable().optional(),
  LogConfig: logConfig.nullable().optional(),
  AutoRemove: flag.optional(),
  CapAdd: capabilities,
  CapDrop: capabilities,
  SecurityOpt: z
    .array(z.string().regex(/^no-new-privileges([:=]true)?$/))
    .nullable()
    .optional(),
  Sysctls: z
    .record(z.string().regex(/^net\.[a-z0-9_.]+$/), shortText)
    .nullable()
    .optional(),
  Ulimits: z
    .array(z.strictObject({ Name: shortText, Hard: whole, Soft: whole }))
    .max(32)
    .nullable()
    .optional(),
  OomScoreAdj: whole.min(0).max(1000).optional(),
  ShmSize: whole.min(0).optional(),
  ReadonlyRootfs: flag.optional(),
  Init: flag.nullable().optional(),
  GroupAdd: texts,
  Dns: texts,
  DnsOptions: texts,
  DnsSearch: texts,
  ExtraHosts: texts,
})

export type HostConfig = z.output<typeof hostConfigSchema>

/** `POST /containers/{id}/update` */
export const updateSchema = z.strictObject({
  ...resources,
  ...hostResources,
  RestartPolicy: restartPolicySchema.nullable().optional(),
})
