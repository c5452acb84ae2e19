/** Small durable values that must survive this process: what the vault room asks of the store. */
export interface Pins {
  value(key: string): Promise<string | null>
  setValue(key: string, value: string): Promise<void>
}
