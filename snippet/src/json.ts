/** JSON without halves of characters: JSON.stringify escapes those, and no decoder takes them. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value).replace(/(\\\\)|\\ud[89a-f]../g, "$1");
