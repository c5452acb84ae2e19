export { reset as run } from "./user.ts"
