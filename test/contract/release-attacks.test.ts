import { beforeAll, expect, it } from "vitest"
import { cosignVerifies } from "../fixture/cosign.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { attackFile, attackTable } from "../fixture/release-attacks/table.ts"
import { suiteDirectory } from "../fixture/tmp.ts"

const { attacks } = attackTable()
const asked = attacks.filter((attack) => attack.cosign !== "cannot be asked")

/** What cosign accepts and we refuse must be refused for the document's content, or be written down as stricter: never the other way round. */
describeNeeding("cosign")("the attacks, put to the real cosign", () => {
  let directory = ""
  beforeAll(async () => {
    directory = await suiteDirectory("attacks")
  })

  it.concurrent.each(asked)("$name: cosign $cosign, we come to $expected", async (attack) => {
    const verified = await cosignVerifies({
      directory,
      publicKey: attackFile("keys/pinned.pub"),
      document: attackFile(attack.document),
      signature: { kind: attack.kind, content: attack.signature === null ? Buffer.alloc(0) : attackFile(attack.signature) },
    })

    expect(verified ? "accepts" : "refuses").toBe(attack.cosign)
  })

  it("nothing is accepted here that cosign refuses", () => {
    expect(asked.filter((attack) => attack.expected === "accepted" && attack.cosign === "refuses")).toEqual([])
  })
})
