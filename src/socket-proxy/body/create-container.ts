import { z } from "zod"
import { endpointSchema } from "./endpoint.ts"
import { hostConfigSchema } from "./host-config.ts"
import { empty, flag, labels, name, neutral, nothing, shortText, text, texts, whole } from "./neutral.ts"

const healthcheck = z.strictObject({
  Test: texts,
  Interval: whole.optional(),
  Timeout: whole.optional(),
  Retries: whole.optional(),
  StartPeriod: whole.optional(),
  StartInterval: whole.optional(),
})

/** `POST /containers/create`. A member that is not here is not understood, so it is refused; what is only neutral is left out. */
export const createContainerSchema = z.strictObject({
  Hostname: shortText.optional(),
  Domainname: shortText.optional(),
  User: shortText.optional(),
  AttachStdin: flag.optional(),
  AttachStdout: flag.optional(),
  AttachStderr: flag.optional(),
  ExposedPorts: z.record(shortText, empty).nullable().optional(),
  Tty: flag.optional(),
  OpenStdin: flag.optional(),
  StdinOnce: flag.optional(),
  Env: texts,
  Cmd: texts,
  Entrypoint: texts,
  Healthcheck: healthcheck.nullable().optional(),
  ArgsEscaped: neutral(false),
  Image: text,
  Volumes: z
    .record(text.regex(/^\/[^:]*$/), empty)
    .nullable()
    .optional(),
  WorkingDir: text.optional(),
  NetworkDisabled: flag.optional(),
  MacAddress: shortText.optional(),
  OnBuild: nothing,
  Shell: nothing,
  Labels: labels,
  StopSignal: shortText.optional(),
  StopTimeout: whole.nullable().optional(),
  HostConfig: hostConfigSchema,
  NetworkingConfig: z
    .strictObject({ EndpointsConfig: z.record(name, endpointSchema.nullable()).nullable().optional() })
    .nullable()
    .optional(),
})

export type CreateContainer = z.output<typeof createContainerSchema>
