/** Old libraries let arrays be written as strings: https://github.com/prototypejs/prototype/issues/327 */
function asArray(this: Record<string, unknown>, key: string, value: unknown): unknown {
  return Array.isArray(this[key]) ? this[key] : value;
}

/** JSON without halves of characters: JSON.stringify escapes those, and no decoder takes them. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, "toJSON" in [] ? asArray : undefined).replace(/(\\\\)|\\ud[89a-f]../g, "$1");
