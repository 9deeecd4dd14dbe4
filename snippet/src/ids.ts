/** 128 random bits. Not crypto.randomUUID: that one exists only on secure origins. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (bits) => bits.toString(36)).join("");
