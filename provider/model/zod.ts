/**
 * What is used of zod, by name. The build puts that much of zod in this module's place (`scripts/build.mjs`): the whole
 * takes 55 ms to load, for its many files and its messages in 50 languages. Its types are internal, since zod is not
 * installed with the package.
 */

/** @internal */
export type {
  core,
  infer,
  ZodError,
  ZodLiteral,
  ZodObject,
  ZodRecord,
  ZodString,
  ZodType,
  ZodUnion,
  ZodUnknown,
} from "zod";
/** @internal */
export { array, boolean, enum, int, literal, number, object, record, strictObject, string, union, unknown } from "zod";
