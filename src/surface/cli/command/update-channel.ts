import type { UpdateChannelOutput } from "../../../contract/output-update-find.ts"
import type { ChannelChange } from "../../../release/channel.ts"
import { putMember } from "../../../settings/edit-member.ts"
import { planChannel } from "../../../update/find/change-channel.ts"
import { editSettings } from "../../house/edit-settings.ts"
import { openUpdateSearch } from "../../house/look-for-updates.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"

/** `holdfast update channel` */
export const run: CommandRun = async (house, input) => {
  const app = input.required("app")
  const { tools, subject, rules, vaults, ctx } = await openUpdateSearch(house, app)
  const change = await planChannel(tools, subject, rules, input.required("channel"), vaults, ctx)
  const document = (changed: boolean): UpdateChannelOutput => ({ format: "holdfast.update-channel", version: 1, app, ...change, changed })
  if (change.from === change.to) return { document: document(false), lines: [`${app} follows ${change.to} already`] }
  const plan = planLines(app, change)
  if (input.flag("plan")) return { document: document(false), lines: plan }
  await confirm(house, { plan, question: `Follow ${change.to}?`, given: input.flag("yes") })
  const file = await editSettings(house, (text) => putMember(text, ["apps", app, "updates", "channel"], change.to))
  return { document: document(true), lines: [`${app} follows ${change.to} from now on (${file})`] }
}

function planLines(app: string, { from, to, running, offers, effect, lessTested, yanked }: ChannelChange): readonly string[] {
  const effects = {
    update: `${offers} would then be the next update; ${running} runs`,
    same: `${offers} is what runs already`,
    wait: `${running} runs, which is newer than ${offers}: an older version is never installed, so nothing comes until ${to} has caught up`,
  }
  return [
    `${app} would follow ${to} instead of ${from}; nothing is installed by this`,
    effects[effect],
    ...(lessTested ? [`warning: ${to} is tested less than ${from}`] : []),
    ...(yanked ? [`warning: ${offers} was withdrawn by its vendor`] : []),
  ]
}
