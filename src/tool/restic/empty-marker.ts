/** Stands for an empty directory inside the vault; never restored, never listed. */
export const EMPTY_MARKER = ".holdfast-empty"
