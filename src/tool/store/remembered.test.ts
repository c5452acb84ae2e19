import { describe, expect, it } from "vitest"
import { remembered } from "./remembered.ts"

/** A table of numbers that this process and others write to. */
function table() {
  let foreign: number | null = 1
  let rows: readonly number[] = []
  let fetches = 0
  const memory = remembered<readonly number[]>(() => foreign)
  const fetch = async (): Promise<readonly number[]> => {
    fetches += 1
    return await Promise.resolve(rows)
  }
  return {
    memory,
    fetches: () => fetches,
    read: async (key = "a") => await memory.read(key, fetch),
    write: async (...now: readonly number[]) => {
      await memory.write("a", async () => await Promise.resolve((rows = now)))
    },
    writeElsewhere: (...now: readonly number[]) => {
      rows = now
      foreign = (foreign ?? 0) + 1
    },
    cannotTell: () => (foreign = null),
    rows: () => rows,
  }
}

describe("rows that are remembered", () => {
  it("are read once as long as nobody writes, for each key by itself", async () => {
    const { read, fetches } = table()
    await read("a")
    expect(await read("a")).toBe(await read("a"))
    expect(fetches()).toBe(1)
    await read("b")
    expect(fetches()).toBe(2)
  })

  it("are read again after a write of this process to that key alone", async () => {
    const { read, write, fetches } = table()
    await read("a")
    await read("b")
    await write(1, 2)
    expect(await read("a")).toEqual([1, 2])
    await read("b")
    expect(fetches()).toBe(3)
  })

  it("are read again, whatever the key, after a write of another process", async () => {
    const { read, writeElsewhere } = table()
    await read("a")
    await read("b")
    writeElsewhere(7)
    expect(await read("a")).toEqual([7])
    expect(await read("b")).toEqual([7])
  })

  it("are read each time while nobody can tell whether somebody wrote", async () => {
    const { read, cannotTell, fetches } = table()
    cannotTell()
    await read()
    await read()
    expect(fetches()).toBe(2)
  })

  it("are read again after a write that failed, which may have changed them", async () => {
    const { memory, read, fetches } = table()
    await read()
    await expect(memory.write("a", async () => await Promise.reject(new Error("the disk is full")))).rejects.toThrow("the disk is full")
    await read()
    expect(fetches()).toBe(2)
  })

  it.each(["this process", "another process"])("do not hide what %s wrote while they were being read", async (writer) => {
    const { memory, read, write, writeElsewhere, rows } = table()
    const before = await memory.read("a", async () => {
      const old = rows()
      if (writer === "this process") await write(5)
      else writeElsewhere(5)
      return old
    })
    expect(before).toEqual([])
    expect(await read()).toEqual([5])
  })

  it("that could not be read are not remembered", async () => {
    const { memory, read } = table()
    await expect(memory.read("a", async () => await Promise.reject(new Error("damaged")))).rejects.toThrow("damaged")
    expect(await read()).toEqual([])
  })
})
